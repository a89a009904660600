from __future__ import annotations

from headway.errors import datasets as errors

WHERE = "dataset `payments`"
EXAMPLES = {
    "labels_contradict": lambda: errors.labels_contradict(
        WHERE, "reviews", 7, [f"payment {number}" for number in range(5)]
    ),
    "absence_does_not_fit": lambda: errors.absence_does_not_fit(WHERE, 0, "String"),
    "label_source_is_missing": lambda: errors.label_source_is_missing(WHERE, "chargebacks"),
    "part_is_unknown": lambda: errors.part_is_unknown(WHERE, "part", ["training", "Test"]),
    "part_is_too_small": lambda: errors.part_is_too_small(WHERE, {"validate": 12, "test": 31}, 500),
    "all_labels_are_late": lambda: errors.all_labels_are_late(
        WHERE, "train", 1280, "2024-03-01T00:00:00.000000Z"
    ),
    "features_tell_the_label": lambda: errors.features_tell_the_label(
        WHERE, "late", ["late_share", "d_late_share"], 1280, 1312
    ),
}
