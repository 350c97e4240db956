"""The table of all rules. An id stays with its rule for ever: people write it into their scripts."""

from collections.abc import Sequence
from functools import partial

from spinedet.annotations import voc
from spinedet.annotations.errors import InputError, nearest
from spinedet.datasets.lint import box_rules, class_rules, image_rules, patient_rules, set_rules, shape_rules
from spinedet.datasets.lint.findings import FileRule, Rule, SetRule, Severity
from spinedet.datasets.lint.shape_rules import LIMIT
from spinedet.datasets.lint.twins import SAME_PLACE

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

LOOK = "look at it with `spinedet annotate`; if it is right, nothing is to be done"
MENDS = "`spinedet lint --fix` writes it right"
ROWS = "complete the table (image,patient); an image goes by its file name without the ending"

OWN_CODES = frozenset({voc.ENCODING, voc.SIZE_FROM_IMAGE, voc.CLIPPED, voc.SWAPPED, voc.ROTATED, voc.POLYGON})
"""Remarks of the reader that have a row of their own."""

SEEN_HERE = frozenset({voc.DOUBLED, voc.FILE_NAME})
"""Remarks of the reader on what rules of ours find by themselves, with more to say."""

FILE_RULES: tuple[FileRule, ...] = (
    Rule(
        "V003", NOTE, "the file is not plain UTF-8", MENDS, partial(box_rules.remarked, voc.ENCODING), box_rules.as_read
    ),
    Rule(
        "V004",
        NOTE,
        "the file does not say how large the image is, so the image was asked",
        MENDS,
        partial(box_rules.remarked, voc.SIZE_FROM_IMAGE),
        box_rules.as_read,
    ),
    Rule(
        "V099",
        NOTE,
        "the reader remarks on something else",
        "nothing: the file is read as it is said here",
        partial(box_rules.remarked_otherwise, OWN_CODES | SEEN_HERE),
    ),
    Rule(
        "B101",
        WARNING,
        "a box is drawn twice, and nothing tells the two apart",
        "`spinedet lint --fix` keeps the first",
        box_rules.doubled,
        box_rules.without_doubles,
    ),
    Rule(
        "B102",
        WARNING,
        f"two boxes of one class share their place (IoU {SAME_PLACE} or more)",
        "delete one of them in LabelImg",
        box_rules.nearly_doubled,
    ),
    Rule(
        "B103",
        WARNING,
        f"two classes are drawn in one place (IoU {SAME_PLACE} or more)",
        "decide which class it is and delete the other box",
        box_rules.two_classes,
    ),
    Rule(
        "B104",
        WARNING,
        f"a box has a side of under {box_rules.LEAST_SIDE:g} px",
        "delete it if the mouse slipped; draw it again if it is meant",
        box_rules.tiny,
    ),
    Rule(
        "B105",
        NOTE,
        f"a box leaves the image by at most {voc.EDGE_SLACK:g} px and is clipped",
        MENDS,
        partial(box_rules.box_remarked, voc.CLIPPED),
        box_rules.as_read,
    ),
    Rule(
        "B106",
        NOTE,
        "the corners of a box are in another order",
        MENDS,
        partial(box_rules.box_remarked, voc.SWAPPED),
        box_rules.as_read,
    ),
    Rule(
        "B107",
        NOTE,
        "a rotated box counts as its upright extent",
        "nothing, if the extent is what you want to find",
        partial(box_rules.box_remarked, voc.ROTATED),
    ),
    Rule(
        "B108",
        NOTE,
        "a polygon without a box counts as its extent",
        "nothing, if the extent is what you want to find",
        partial(box_rules.box_remarked, voc.POLYGON),
    ),
    Rule(
        "I302",
        ERROR,
        "the annotation gives another size than the image has",
        "the boxes may belong to another image: look at it with `spinedet annotate`, correct the boxes and save",
        box_rules.other_size,
    ),
    Rule(
        "I303",
        ERROR,
        f"the annotation's size is off by at most {voc.EDGE_SLACK:g} px, with every box inside the image",
        MENDS,
        box_rules.slightly_other_size,
        box_rules.with_size,
    ),
    Rule("I311", NOTE, "nothing is drawn on an image", "nothing, if there is nothing to find on it", box_rules.empty),
)
"""Rules that look at one file; they are asked where it is read, and the file is let go."""

SET_RULES: tuple[SetRule, ...] = (
    Rule(
        "V001",
        ERROR,
        "an annotation, or a box in it, is refused by the reader",
        "correct the file, or draw the image again",
        set_rules.refused,
    ),
    Rule("V002", ERROR, "dataset.yaml cannot be used", "correct the file, or remove it", set_rules.card),
    Rule(
        "B109",
        WARNING,
        f"a box is far larger, smaller, wider or higher than others of its class (robust z over {LIMIT:g})",
        LOOK,
        shape_rules.implausible_size,
    ),
    Rule(
        "B110",
        WARNING,
        f"a box lies far from where its class lies in other images (robust z over {LIMIT:g})",
        LOOK,
        shape_rules.implausible_place,
    ),
    Rule(
        "C201",
        ERROR,
        "a class is not in the list of classes",
        "correct the name in LabelImg, or add it to the classes of dataset.yaml",
        class_rules.unknown,
    ),
    Rule(
        "C202",
        ERROR,
        "a class differs from one of the list in case or surrounding spaces only",
        MENDS,
        class_rules.written_otherwise,
        class_rules.as_listed,
    ),
    Rule(
        "C203",
        WARNING,
        "without a list of classes: two names differ in case or spaces only",
        "write one of them everywhere; dataset.yaml with the classes lets --fix do it",
        class_rules.two_spellings,
    ),
    Rule(
        "C204",
        WARNING,
        "without a list of classes: a rare name is a slip or two away from a frequent one",
        "correct it, or put both names into the classes of dataset.yaml",
        class_rules.misspelt,
    ),
    Rule(
        "C205",
        WARNING,
        "a class of the list is nowhere drawn",
        "draw it, or take it out of the list",
        class_rules.never_drawn,
    ),
    Rule(
        "C206",
        WARNING,
        "a class has fewer patients than the folds asked for",
        "choose fewer folds, annotate more patients, or join the class with another",
        class_rules.rare_for_folds,
    ),
    Rule(
        "C207",
        ERROR,
        "a class belongs to one patient alone, so folds are refused",
        "annotate more patients, join the class with another, or accept the gap with --allow-rare",
        class_rules.of_one_patient,
    ),
    Rule(
        "I301",
        ERROR,
        "an image cannot be read",
        "export it again, or remove it with its annotation",
        image_rules.damaged,
    ),
    Rule(
        "I304",
        WARNING,
        "the file name in an annotation is that of another image",
        "the boxes may belong to that image: look at both",
        image_rules.names_other_image,
    ),
    Rule(
        "I305",
        NOTE,
        "the file name in an annotation is not that of its image",
        MENDS,
        image_rules.names_no_image,
        image_rules.with_filename,
    ),
    Rule(
        "I306",
        ERROR,
        "an annotation has no image",
        "put the image there under the same name, or remove the annotation",
        image_rules.without_image,
    ),
    Rule(
        "I307",
        ERROR,
        "an image has no annotation",
        "annotate it (an image without objects is saved too), or train with --image-set on the finished ones",
        image_rules.without_annotation,
    ),
    Rule(
        "I308",
        ERROR,
        "nothing is annotated at all",
        "draw boxes with `spinedet annotate`",
        image_rules.without_any_annotation,
    ),
    Rule("I309", ERROR, "two image files have one name", "remove or rename one of them", image_rules.twin_names),
    Rule(
        "I310",
        WARNING,
        "a file among the images is none that is read",
        "convert it to PNG, or move it elsewhere",
        image_rules.strange_files,
    ),
    Rule(
        "I312",
        WARNING,
        "two images of one patient, or of patients unknown, have the same pixels",
        "remove one of them",
        image_rules.same_pixels,
    ),
    Rule(
        "P401",
        ERROR,
        "there is no patients.csv, so folds are refused",
        "write it (image,patient), or use --each-image-is-a-patient if no two images show the same person",
        patient_rules.missing,
    ),
    Rule(
        "P402",
        ERROR,
        "patients.csv cannot be read",
        "write it as CSV UTF-8 with the columns image,patient",
        patient_rules.unreadable,
    ),
    Rule("P403", ERROR, "a row of patients.csv is incomplete", ROWS, patient_rules.incomplete),
    Rule("P404", ERROR, "an annotated image has no row in patients.csv", ROWS, patient_rules.without_patient),
    Rule("P405", ERROR, "an image has two rows in patients.csv", "keep the right one", patient_rules.listed_twice),
    Rule(
        "P406",
        WARNING,
        "patients.csv has a row for an image that does not exist",
        "correct the name, or remove the row",
        patient_rules.row_without_image,
    ),
    Rule(
        "P407",
        ERROR,
        "there are fewer patients than the folds asked for",
        "choose fewer folds, or annotate more patients",
        patient_rules.more_folds_than_patients,
    ),
    Rule(
        "P408",
        ERROR,
        "two patients have an image with the same pixels: a leak between folds",
        "find out whose image it is; if both names mean one person, give both one name in patients.csv",
        image_rules.leak,
    ),
    Rule(
        "S501",
        WARNING,
        "the name of an annotator's folder does not work on every system",
        "rename the folder",
        set_rules.annotators,
    ),
    Rule(
        "S502",
        WARNING,
        "an annotator has drawn on an image that does not exist",
        "put the image there under the same name, or remove the file",
        set_rules.drawn_without_image,
    ),
    Rule(
        "S503",
        NOTE,
        "a program was stopped while it wrote, and left a temporary file",
        "remove it",
        set_rules.leftovers,
    ),
)
"""Rules that look at the whole dataset."""

_ALL: tuple[FileRule | SetRule, ...] = (*FILE_RULES, *SET_RULES)

RULES = {rule.id: rule for rule in sorted(_ALL, key=lambda rule: rule.id)}
"""Every rule by its id."""


def choose_rules(only: Sequence[str] = (), ignore: Sequence[str] = ()) -> frozenset[str]:
    """Ids of the rules to ask.

    Args:
        only: Ids or their beginnings (`B`, `B1`, `C201`); empty for all rules.
        ignore: Ids or beginnings to leave out of those.

    Raises:
        InputError: A word is no beginning of an id.
    """
    chosen = _beginning(only) if only else frozenset(RULES)
    return chosen - _beginning(ignore)


def _beginning(words: Sequence[str]) -> frozenset[str]:
    found: set[str] = set()
    for word in words:
        fitting = {id for id in RULES if word and id.startswith(word.upper())}
        if not fitting:
            todo = "`spinedet lint --rules` lists them"
            raise InputError(
                "There is no such rule.", expected=nearest(word.upper(), tuple(RULES)), found=word, todo=todo
            )
        found |= fitting
    return frozenset(found)
