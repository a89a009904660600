"""One call of every constructor in `headway.errors.spec`."""

from headway.errors import spec
from headway.spec.document import Fault

EXAMPLES = {
    "faults": lambda: spec.faults(
        "headway.yaml",
        [
            Fault("headway.yaml", 12, 5, "sources.flights.lod", "unknown key `lod`", "did you mean `load`?"),
            Fault("headway.yaml", 30, 12, "models.delay.seed", "`seven` where a whole number is expected"),
        ],
    ),
    "not_a_quantity": lambda: spec.not_a_quantity("2 hours", "a duration such as `2h`"),
}
