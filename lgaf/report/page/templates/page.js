// Sorting, filtering, charts and the hardest trials. Text is only ever set as text, never as HTML.
"use strict";
(() => {
  const find = (id) => document.getElementById(id);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const read = (id) => JSON.parse(find(id).textContent);
  const labels = read("row-labels");

  function once(compute) {
    let found;
    return () => (found ??= compute());
  }

  function make(tag, values = {}, ...children) {
    const element = Object.assign(document.createElement(tag), values);
    element.append(...children);
    return element;
  }

  // Tables: a heading sorts, best first where its cells are numbers; a cell without a number stands last.
  function valueOf(row, column) {
    const cell = row.cells[column];
    const text = cell.dataset.value ?? cell.textContent.trim();
    const number = parseFloat(text.replace(/[,\s]/g, ""));
    return { text, number };
  }

  function sort(table, heading) {
    const column = heading.cellIndex;
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => ({ row, ...valueOf(row, column) }));
    const numeric = rows.some((it) => !Number.isNaN(it.number)) &&
      rows.every((it) => !Number.isNaN(it.number) || /^(-|not available|)$/.test(it.text));
    const now = heading.getAttribute("aria-sort");
    const rising = now === "none" ? !numeric : now === "descending";
    const sign = rising ? 1 : -1;
    rows.sort((a, b) => {
      if (!numeric) return sign * a.text.localeCompare(b.text, "en", { numeric: true });
      const lacking = Number.isNaN(a.number) - Number.isNaN(b.number);
      return lacking || (Number.isNaN(a.number) ? 0 : sign * (a.number - b.number));
    });
    for (const other of heading.parentElement.cells) other.setAttribute("aria-sort", "none");
    heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
    body.append(...rows.map((it) => it.row));
  }

  function makeSortable(table) {
    for (const heading of table.tHead.rows[0].cells) {
      heading.firstElementChild.addEventListener("click", () => sort(table, heading));
    }
  }

  function filterTable(input) {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of input.closest(".table").querySelector("tbody").rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  }

  all("table.sorts").forEach(makeSortable);
  all("input.filter").forEach((input) => input.addEventListener("input", () => filterTable(input)));

  // Rows: those that are ticked and fit the text are shown, in boards and in charts.
  const charts = [];

  function shownRows() {
    const words = find("find").value.toLowerCase().split(/\s+/).filter(Boolean);
    const texts = labels.map((label) => label.toLowerCase());
    for (const row of all("table.board tr[data-row]")) {
      const facts = [...row.cells].filter((cell) => cell.dataset.value === undefined);
      texts[row.dataset.row] += " " + facts.map((cell) => cell.textContent.toLowerCase()).join(" ");
    }
    const ticked = new Set(all("#rows input:checked").map((input) => Number(input.value)));
    return new Set([...labels.keys()].filter((place) => ticked.has(place) && words.every((it) => texts[place].includes(it))));
  }

  function showRows() {
    const shown = shownRows();
    for (const row of all("tr[data-row]")) row.hidden = !shown.has(Number(row.dataset.row));
    const names = labels.filter((_, place) => shown.has(place));
    for (const view of charts) view.signal("shown", names).runAsync();
  }

  find("rows").addEventListener("input", showRows);

  // Charts: drawn when they come into sight; the library, which takes longest to start, is run before the first of them.
  const specs = once(() => read("specs"));
  const embed = once(() => {
    document.head.append(make("script", { textContent: find("library").textContent }));
    return window.embedChart;
  });
  const CONFIG = {
    background: null,
    font: "system-ui, sans-serif",
    view: { stroke: null },
    axis: {
      labelColor: "currentColor", titleColor: "currentColor", gridColor: "var(--line)", domainColor: "var(--grey)",
      tickColor: "var(--grey)", labelFontSize: 11, titleFontSize: 12, titleFontWeight: "normal",
    },
  };

  async function draw(place) {
    const spec = { ...specs()[place.dataset.spec], description: place.dataset.title };
    const { view } = await embed()(place, spec, {
      ast: true, renderer: "svg", actions: false, config: CONFIG, tooltip: { theme: "custom" },
      logLevel: 1, // errors alone: that no row is left to draw is no news
    });
    if (spec.params) {
      charts.push(view);
      const shown = shownRows();
      if (shown.size < labels.length) view.signal("shown", labels.filter((_, k) => shown.has(k))).runAsync();
    }
    place.dataset.drawn = "";
  }

  function whenSeen(place, act) {
    const seen = new IntersectionObserver((entries) => {
      if (entries.some((it) => it.isIntersecting)) { seen.disconnect(); act(); }
    }, { rootMargin: "200px" });
    seen.observe(place);
  }

  for (const place of all(".plot")) {
    whenSeen(place, () => draw(place).catch((error) => console.error(String(error))));
  }

  // The same numbers as a table: a column a line.
  function numbers(details) {
    if (details.querySelector("table")) return;
    const place = details.closest("figure").querySelector(".plot");
    const spec = specs()[place.dataset.spec];
    const lines = new Map();
    for (const { x, y, row, part } of spec.data.values) {
      const name = part ? `${row}, ${part}` : row;
      if (!lines.has(name)) lines.set(name, new Map());
      lines.get(name).set(x, y);
    }
    const steps = [...new Set([...lines.values()].flatMap((it) => [...it.keys()]))].sort((a, b) => a - b);
    const short = (value) => value === undefined ? "-" : String(Number(value.toPrecision(4)));
    const heads = [spec.encoding.x.title, ...lines.keys()].map((text) => make("th", { scope: "col", textContent: text }));
    const rows = steps.map((x) => make("tr", {}, make("th", { scope: "row", textContent: short(x) }),
      ...[...lines.values()].map((line) => make("td", { textContent: short(line.get(x)) }))));
    const table = make("table", {}, make("caption", { textContent: `${place.dataset.title}: ${spec.encoding.y.title}` }),
      make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows));
    const scroll = make("div", { className: "scroll", tabIndex: 0 }, table);
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", place.dataset.title);
    details.append(scroll);
  }

  all("details.numbers").forEach((details) => details.addEventListener("toggle", () => numbers(details)));

  // The hardest trials: pairs, and searches, of which a row's answers are faces too.
  const PAGE = 12;
  const lists = once(() => read("trials"));
  let chosen = [];

  function picture(found, side) {
    return make("img", { src: found.image, alt: `face ${found.name}`, title: found.name, width: side, height: side });
  }

  function face(found) {
    const name = make("span", { textContent: found.name, title: found.name });
    return make("th", { scope: "col", className: "face" }, picture(found, 96), name);
  }

  function quality(found, place) {
    const line = make("span", { textContent: "-" });
    if (found.rows[place]) {
      const [norm, below, local] = found.rows[place];
      line.textContent = `${Math.round(100 * below)} %` + (local === null ? "" : ` · ${local.toFixed(2)}`);
      line.title = `norm ${norm}` + (local === null ? "" : `, local weight ${local}`);
    }
    return line;
  }

  function answer(list, [score, number], place) {
    const text = make("span", { className: "score", textContent: score === null ? "-" : score.toFixed(3) });
    if (number === null) return make("td", {}, text);
    const found = list.faces[number];
    const said = make("div", {}, text, quality(found, place));
    return make("td", {}, make("div", { className: "answer" }, picture(found, 48), said));
  }

  function verdict([beyond]) {
    const right = beyond === null;
    return make("td", { className: right ? "right" : "wrong" }, right ? "✓" : "✗",
      make("span", { className: "unseen", textContent: right ? " right" : " wrong" }));
  }

  function card(list, [compared, mated, rows]) {
    const faces = compared.map((number) => list.faces[number]);
    const lines = rows.flatMap((row, place) => row === null ? [] : [make("tr", {},
      make("th", { scope: "row", textContent: labels[place], title: labels[place] }),
      verdict(row),
      ...faces.map((it) => make("td", {}, quality(it, place))),
      ...row.slice(1).map((it) => answer(list, it, place)))]);
    const said = list.words[mated ? 1 : 0];
    const heading = (text) => make("th", { scope: "col", textContent: text });
    const hidden = make("th", { scope: "col" }, make("span", { className: "unseen", textContent: "verdict" }));
    const heads = make("tr", {}, heading("row"), hidden, ...faces.map(face), ...list.answers.map(heading));
    const caption = `${said}: the verdict of each row, quality and local weight of each face, ${list.answers.join(", ")}`;
    const table = make("table", {}, make("caption", { textContent: caption }), make("thead", {}, heads), make("tbody", {}, ...lines));
    return make("li", { className: "trial" }, make("h4", { textContent: said }), table);
  }

  function fits([, mated, rows], kind, wrong, right) {
    if (kind && (kind === "reject") !== mated) return false;
    const judgedWrong = (row) => row !== null && row[0] !== null;
    if (wrong === "" ? !rows.some(judgedWrong) : !judgedWrong(rows[wrong])) return false;
    return right === "" || (rows[right] !== null && !judgedWrong(rows[right]));
  }

  function filterTrials() {
    const list = lists()[find("trial-benchmark").value];
    const [kind, wrong, right] = ["kind", "wrong", "right"].map((name) => find(`trial-${name}`).value);
    chosen = list.trials.filter((trial) => fits(trial, kind, wrong, right));
    if (wrong !== "") chosen.sort((a, b) => b[2][wrong][0] - a[2][wrong][0]);
    find("trial-list").replaceChildren();
    find("trial-list").classList.toggle("wide", list.answers.length > 1);
    find("trial-count").textContent = `${chosen.length} of ${list.trials.length} on this page` +
      (wrong === "" ? ", those that most rows judge wrongly first" : `, those that ${labels[wrong]} judges most wrongly first`);
    more();
  }

  function more() {
    const list = lists()[find("trial-benchmark").value];
    const shown = find("trial-list");
    const next = chosen.slice(shown.children.length, shown.children.length + PAGE);
    shown.append(...next.map((trial) => card(list, trial)));
    find("trial-more").hidden = shown.children.length === chosen.length;
  }

  if (find("trial-filter")) {
    find("trial-filter").addEventListener("input", filterTrials);
    find("trial-filter").addEventListener("submit", (event) => event.preventDefault());
    find("trial-more").addEventListener("click", more);
    whenSeen(find("trial-filter"), filterTrials);
  }

  // Light and dark: as the system says, until the button is pressed.
  find("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.style.colorScheme
      ? root.style.colorScheme === "dark"
      : window.matchMedia("(prefers-color-scheme: dark)").matches;
    root.style.colorScheme = dark ? "light" : "dark";
  });

  // A link to a source opens the list that it stands in.
  window.addEventListener("hashchange", () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const list = target?.closest("details");
    if (list) { list.open = true; target.scrollIntoView(); }
  });
  window.addEventListener("beforeprint", () => all("details.sources").forEach((it) => { it.open = true; }));
  performance.mark("ready");
})();
