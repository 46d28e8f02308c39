"""Names, options and heads of one's own."""

import math
import subprocess
import sys

import pytest
import torch

import baselines
from baselines import create_head, head_class, heads

OWN = """
import torch
from baselines.margin import HeadOptions, MarginHead, Scale

class Plain(MarginHead):
    "Softmax of cosines."

    class Options(HeadOptions):
        scale: Scale = 10.0
        unbounded: float = 0.0

    def apply_margin(self, embedding, labels):
        cosine = self.cosine(embedding)
        return self.scaled(cosine, cosine.gather(1, labels[:, None]).squeeze(1), labels)

class Titled(Plain):
    title = "Mine"

class Bare(MarginHead):
    pass

unrelated = 3
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "own_heads.py").write_text(OWN)
    (tmp_path / "broken_head.py").write_text("1 / 0")
    (tmp_path / "wrong_options.py").write_text(f"{OWN}\nclass Wrong(MarginHead):\n    Options = dict\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("own_heads", "broken_head", "wrong_options", "baselines.added"):
        sys.modules.pop(name, None)


def test_a_head_of_ones_own(own):
    head = create_head("own_heads:Plain", embedding_dim=4, num_classes=3, scale=2.0)
    embedding = torch.randn(2, 4)
    made = head(embedding, torch.tensor([0, 2]))
    torch.testing.assert_close(made.logits, 2 * head.cosine(embedding))
    assert made.regulariser.item() == 0
    assert [head_class(f"own_heads:{kind}").title for kind in ("Plain", "Titled")] == ["Plain", "Mine"]
    assert head_class("own_heads:Bare").Options().model_dump() == {}


def test_a_file_in_the_package_is_a_head(own, monkeypatch):
    (own / "added.py").write_text("from baselines.arcface import ArcFace\nclass Added(ArcFace):\n    pass\n")
    (own / "own_heads.py").rename(own / "many.py")
    monkeypatch.setattr(baselines, "__path__", [*baselines.__path__, str(own)])
    assert {"added", "arcface", "many"} < set(heads())
    assert "margin" not in heads()
    assert create_head("added", 4, 3).title == "Added"
    with pytest.raises(ValueError, match=r"^head 'many': \S*many.py defines 3 subclasses of MarginHead, not one$"):
        head_class("many")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("softmax", {}, rf"head 'softmax' is unknown; allowed: {', '.join(heads())}, or module:Class"),
        ("margin", {}, r"head 'margin' is unknown; .*"),
        ("absent:Head", {}, r"head 'absent:Head': .* \(ModuleNotFoundError: .*'absent'\); the folder of the run .*"),
        ("broken_head:Head", {}, r".*'broken_head' cannot be imported \(ZeroDivisionError: division by zero\); .*"),
        (":Head", {}, r"head ':Head': module '' cannot be imported .*"),
        (".own_heads:Plain", {}, r"head '.own_heads:Plain': module '.own_heads' cannot be imported .*"),
        ("own_heads:Other", {}, r"head 'own_heads:Other': module 'own_heads' has no 'Other'"),
        ("own_heads:unrelated", {}, r".*'unrelated' is not a subclass of baselines.margin.MarginHead"),
        ("own_heads:MarginHead", {}, r".*'MarginHead' is not a subclass of baselines.margin.MarginHead"),
        ("wrong_options:Wrong", {}, r".*Wrong.Options is not a subclass of baselines.margin.HeadOptions.*"),
        ("own_heads:Plain", {"scale": 0}, r"own_heads:Plain.scale: 0: input should be greater than 0"),
        ("own_heads:Plain", {"unbounded": math.inf}, r"own_heads:Plain.unbounded: inf: .* finite number"),
        ("own_heads:Bare", {"scale": 1}, r"own_heads:Bare.scale: unknown option \(allowed: none\)"),
        ("arcface", {"h": 1}, r"arcface.h: unknown option \(allowed: margin, scale\)"),
        ("arcface", {"margn": 1}, r"arcface.margn: unknown option; did you mean 'margin'\? \(allowed: margin, scale\)"),
        ("arcface", {"margin": 3.15}, r"arcface.margin: 3.15: input should be less than or equal to 3.14\d+"),
        ("cosface", {"margin": 2.1}, r"cosface.margin: 2.1: .* less than or equal to 2"),
        ("adaface", {"scale": -1, "h": 0}, r"adaface.h: 0: .*greater than 0\nadaface.scale: -1: .*greater than 0"),
        ("magface", {"l_a": 200}, r"magface: l_a 200.0 must be below u_a 110.0"),
        ("magface", {"l_margin": 1}, r"magface: l_margin 1.0 must not be above u_margin 0.8"),
    ],
)
def test_unknown_names_and_values_are_named(own, name, options, message):
    with pytest.raises(ValueError, match=rf"^{message}$"):
        create_head(name, 4, 3, **options)


DEFAULTS = {
    "adaface": {"margin": 0.4, "h": 0.333, "t_alpha": 0.01, "scale": 64},
    "arcface": {"margin": 0.5, "scale": 64},
    "cosface": {"margin": 0.35, "scale": 64},
    "curricularface": {"margin": 0.5, "t_alpha": 0.01, "scale": 64},
    "elasticface": {"margin": 0.5, "std": 0.05, "plus": False, "scale": 64},
    "funface": {"margin": 0.4, "h": 0.333, "t_alpha": 0.01, "scale": 64, "mixing_factor": 0.1},
    "magface": {"l_margin": 0.45, "u_margin": 0.8, "l_a": 10, "u_a": 110, "lambda_g": 35, "scale": 64,
                "easy_margin": True},
}  # fmt: skip
"""As the authors have them."""


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_are_the_authors(name):
    assert create_head(name, 4, 3).options.model_dump() == DEFAULTS[name]


def test_names_cost_no_torch_and_nothing_of_lgaf():
    code = "import sys, baselines; assert baselines.heads(); print({'torch', 'lgaf', 'numpy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
    code = "import sys, baselines; [baselines.head_class(n) for n in baselines.heads()]; print('lgaf' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
