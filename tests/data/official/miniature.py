"""Every official benchmark with few, small images: real names and real list formats, reduced counts."""

from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np
import scipy.io

Picture = Callable[[str, int], bytes]
"""(person, number of the photo) -> an encoded image."""
FOLDS = 10
POINTS = "7.0 9.0 16.0 9.0 12.0 14.0 8.0 18.0 15.0 18.0"
"""The five points of a ``picture``."""
SCFACE_PEOPLE = (1, 2, 3, 50, 51, 52, 130)
NAMES = ("lfw", "cfp_fp", "cfp_ff", "cplfw", "calfw", "agedb", "tinyface", "scface", "scface_test80", "ijbb", "ijbc")


def picture(person: str, number: int, side: int = 24) -> bytes:
    """A coarse pattern that is the person's, and a little noise that is the photo's; JPEG."""
    own = np.random.default_rng([*person.encode()])
    noise = np.random.default_rng([number, *person.encode()])
    coarse = own.integers(0, 256, (4, 4, 3)) + noise.integers(-20, 21, (4, 4, 3))
    pixels = cv2.resize(np.clip(coarse, 0, 255).astype(np.uint8), (side, side), interpolation=cv2.INTER_NEAREST)
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def put(path: Path, content: bytes | str) -> None:
    """Write a file and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def put_lines(path: Path, lines: Iterable[str], end: str = "\n") -> None:
    put(path, "".join(line + end for line in lines))


def write_root(root: Path, make: Picture = picture) -> None:
    """A ``data.root`` with all of them in their official layout."""
    write_lfw(root / "lfw", make)
    write_cfp(root / "cfp", make)
    write_cplfw(root / "cplfw", make)
    write_calfw(root / "calfw", make)
    write_agedb(root / "agedb", make)
    write_tinyface(root / "tinyface", make)
    write_scface(root / "scface", make)
    for name in ("ijbb", "ijbc"):
        write_ijb(root / name, name, make)


def write_lfw(folder: Path, make: Picture = picture, each: int = 2) -> None:
    """``each`` pairs of either kind a fold; every pair has people of its own."""
    lines = [f"{FOLDS}\t{each}"]
    for fold in range(FOLDS):
        people = [f"Person_{chr(65 + fold)}{index}" for index in range(2 * each)]
        lines += [f"{person}\t1\t2" for person in people[:each]]
        lines += [f"{people[index]}\t1\t{people[each + index]}\t3" for index in range(each)]
        for person in people:
            for number in (1, 2, 3):
                put(folder / "lfw-deepfunneled" / person / f"{person}_{number:04d}.jpg", make(person, number))
    put_lines(folder / "pairs.txt", lines)


def write_cfp(folder: Path, make: Picture = picture, people: int = 20) -> None:
    """Two people a fold, one pair of either kind for each of them."""
    for letter, pose, count in (("F", "frontal", 10), ("P", "profile", 4)):
        names = [(f"{person:03d}", number) for person in range(1, people + 1) for number in range(1, count + 1)]
        lines = [
            f"{line} ../Data/Images/{person}/{pose}/{number:02d}.jpg"
            for line, (person, number) in enumerate(names, start=1)
        ]
        put_lines(folder / "Protocol" / f"Pair_list_{letter}.txt", lines)
        for person, number in names:
            put(folder / "Data" / "Images" / person / pose / f"{number:02d}.jpg", make(person, 100 * count + number))
    for kind, count in (("FF", 10), ("FP", 4)):
        for fold in range(FOLDS):
            members = range(fold * people // FOLDS, (fold + 1) * people // FOLDS)
            split = folder / "Protocol" / "Split" / kind / f"{fold + 1:02d}"
            put_lines(split / "same.txt", [f"{10 * person + 1},{count * person + 2}" for person in members])
            others = [*members[1:], members[0]]
            diff = [f"{10 * person + 3},{count * other + 1}" for person, other in zip(members, others, strict=True)]
            put_lines(split / "diff.txt", diff)


def write_cplfw(folder: Path, make: Picture = picture, end: str = "\r\n") -> None:
    """All same pairs, then all different ones, two lines a pair, as published."""
    people = [f"Cross_Pose{index:02d}" for index in range(2 * FOLDS)]
    same = [line for person in people for line in (f"{person}_1.jpg 1", f"{person}_2.jpg 1")]
    others = zip(people, [*people[1:], people[0]], strict=True)
    different = [line for left, right in others for line in (f"{left}_3.jpg 0", f"{right}_1.jpg 0")]
    put_lines(folder / "pairs_CPLFW.txt", same + different, end)
    for person in people:
        for number in (1, 2, 3):
            put(folder / "images" / f"{person}_{number}.jpg", make(person, number))


def write_calfw(folder: Path, make: Picture = picture) -> None:
    """Same pairs carry their fold, different ones 0."""
    people = [f"Cross_Age{index:02d}" for index in range(2 * FOLDS)]
    same = [
        line
        for index, person in enumerate(people)
        for line in (f"{person}_0001.jpg {index // 2 + 1}", f"{person}_0002.jpg {index // 2 + 1}")
    ]
    others = zip(people, [*people[1:], people[0]], strict=True)
    different = [line for left, right in others for line in (f"{left}_0002.jpg 0", f"{right}_0001.jpg 0")]
    put_lines(folder / "pairs_CALFW.txt", same + different)
    for person in people:
        for number in (1, 2):
            put(folder / "aligned images" / f"{person}_{number:04d}.jpg", make(person, number))


def write_agedb(folder: Path, make: Picture = picture, people: int = 30) -> None:
    """Each person at four ages."""
    for index in range(people):
        for place, age in enumerate((19, 35, 52, 70)):
            name = f"{4 * index + place}_Aged{index:02d}_{age + index % 3}_{'fm'[index % 2]}.jpg"
            put(folder / name, make(f"Aged{index:02d}", age))


def write_tinyface(folder: Path, make: Picture = picture, people: int = 8, distractors: int = 12) -> None:
    """File names count people 1, 3, 5 ...; the lists number them anew, 1, 2, 3 ..."""
    base = folder / "Testing_Set"
    for kind, place, numbers in (("probe", "Probe", (1, 2)), ("gallery_match", "Gallery_Match", (3,))):
        rows = [(f"{2 * index + 1}_{number}.jpg", index + 1) for index in range(people) for number in numbers]
        for name, identity in rows:
            put(base / place / name, make(f"tiny{identity}", int(name[:-4].split("_")[1])))
        variable = kind.partition("_")[0]
        names = np.array([[name] for name, _ in rows], object)
        identities = np.array([[float(identity)] for _, identity in rows])
        content = {f"{variable}_ids": identities, f"{variable}_set": names}
        scipy.io.savemat(base / f"{kind}_img_ID_pairs.mat", content, do_compression=True)
    for person in (2, 4, 6):
        for number in (1, 2, 3):
            put(folder / "Training_Set" / f"{person}" / f"{person}_{number}.jpg", make(f"trained{person}", number))
    for index in range(distractors):
        put(base / "Gallery_Distractor" / f"{1000 + index}_{index}.jpg", make("nobody", index))


def write_scface(
    folder: Path, make: Picture = picture, people: Iterable[int] = SCFACE_PEOPLE, nested: bool = True, end: str = "jpg"
) -> None:
    """Mugshots, cropped and original, five cameras at three distances, and an infrared image that is no part of it."""
    for person in people:
        who = f"sc{person}"
        for place in ("mugshot_frontal_cropped_all", "mugshot_frontal_original_all"):
            put(folder / place / f"{person:03d}_frontal.{end.upper()}", make(who, 0))
        for distance in (1, 2, 3):
            for camera in (1, 2, 3, 4, 5, 6):
                place = (
                    f"surveillance_cameras_distance_{distance}/cam_{camera}" if nested else "surveillance_cameras_all"
                )
                put(folder / place / f"{person:03d}_cam{camera}_{distance}.{end}", make(who, 10 * camera + distance))


def write_ijb(folder: Path, name: str, make: Picture = picture, people: int = 6, points: str = POINTS) -> None:
    """Two templates a person, each of a photo and of two frames of a video; ``points`` are five x y of every image."""
    images, members = [], []
    for person in range(people):
        for template in (2 * person + 1, 2 * person + 2):
            for medium in (10 * template, 10 * template + 1, 10 * template + 1):
                file = f"{len(images) + 1}.jpg"
                put(folder / "loose_crop" / file, make(f"ijb{person}", len(images)))
                images.append(f"{file} {points} 0.9{len(images) % 10}")
                members.append(f"{file} {template} {medium}")
    put_lines(folder / "meta" / f"{name}_name_5pts_score.txt", images)
    put_lines(folder / "meta" / f"{name}_face_tid_mid.txt", members)
    templates = range(1, 2 * people + 1)
    pairs = [
        f"{left} {right} {int((left - 1) // 2 == (right - 1) // 2)}" for left in templates for right in templates[left:]
    ]
    put_lines(folder / "meta" / f"{name}_template_pair_label.txt", pairs)
