"""The product file as frozen values: sources, groups, datasets, models, evaluations, endpoints.

Every field says its role in fingerprints (see `headway.spec.roles`). Names of other nodes are
plain names as written (`flights`, not `source.flights`). Durations are `timedelta`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from msgspec import Struct, field

from headway.spec.roles import Identity, Metadata, Policy, Wiring

LABEL = "label"
"""Name of a label that is no column."""


class Declared(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value that an author wrote; frozen, compared by content."""


class Secret(Declared, frozen=True):
    """A secret by name (`{secret: NAME}`); its value is never written, kept, or shown."""

    secret: Identity[str]


class Environment(Declared, frozen=True):
    """A set of pointers with a name; a protected one moves only through gates."""

    protected: Policy[bool] = False


# -- data ------------------------------------------------------------------------------------


class Known(Declared, frozen=True):
    """When a row became known: exactly one of a column, a lag after the event, or its commit."""

    column: Identity[str | None] = None
    lag: Identity[timedelta | None] = None
    commit: Identity[bool] = False


class Incremental(Declared, frozen=True):
    """How a source is read in steps, so that an apply reads only what is new.

    Attributes:
        by: `watermark`: rows whose `column` is not older than the newest one kept, less `late`.
            `content`: files of a folder that were not read before; those that are gone leave with
            their rows.
        column: Column that grows with time (`by: watermark`): a time, a date, or an integer.
        late: How much later than its turn a row may come (`by: watermark` on a time or a date).
    """

    by: Identity[Literal["watermark", "content"]]
    column: Identity[str | None] = None
    late: Identity[timedelta | None] = None


class LastGood(Declared, frozen=True):
    """What is used while a source cannot be read: the version that was read last.

    Attributes:
        max_age: From this age on it is refused.
    """

    max_age: Policy[timedelta]


class Source(Declared, frozen=True):
    """Rows from outside.

    Attributes:
        load: A file, a folder or a pattern (`data/*.csv`) relative to the product, a URL (`https:`,
            `postgresql:`, `sqlite:`, `memory:`, `s3:`), or `module:function` for a callable that
            returns a frame or yields several.
        event_time: Column that says when the event happened; None for rows without time.
        known: When a row became known; None only where nothing joins on time.
        contract: Path of the contract file, relative to the product.
        options: Passed to the loader (`{separator: ";"}` for CSV); unknown ones are errors. A
            value may be `{secret: NAME}`, which is taken from the environment.
        incremental: How only what is new is read; None reads everything whenever it is read.
        refresh: Age from which a source outside the product's folder is read again by the next
            apply; None reads it when its declaration or code changes, or with `--refresh`.
        last_good: What stands in while the source cannot be read; None fails.
    """

    load: Identity[str]
    event_time: Identity[str | None] = None
    known: Identity[Known | None] = None
    contract: Wiring[str | None] = None
    options: Identity[dict[str, Any]] = field(default_factory=dict)
    incremental: Identity[Incremental | None] = None
    refresh: Identity[timedelta | None] = None
    last_good: Policy[LastGood | None] = None
    description: Metadata[str] = ""
    tags: Metadata[tuple[str, ...]] = ()


class FeatureNote(Declared, frozen=True):
    """What is said of one feature of a group; it changes nothing that is computed.

    Attributes:
        clears: Tags that this feature does not carry on, although what it is computed from bears them; the
            description says why.
    """

    description: Metadata[str] = ""
    tags: Metadata[tuple[str, ...]] = ()
    clears: Policy[tuple[str, ...]] = ()


class FeatureGroup(Declared, frozen=True):
    """Features computed from sources, one row per key and time.

    Attributes:
        from_: Sources that it reads (`from:` in the file), one or several.
        key: Columns that name the entity.
        columns: Module whose public functions are the features (one body for batch and row).
        frame: `module:function` that takes whole frames and returns one; instead of `columns`.
        window: How far back a recompute reads; None reads everything.
        ttl: Values older than this at predict time count as missing; None means never.
        contract: Path of a contract that its computed rows must keep before they are committed.
        features: Feature -> what is said of it.
    """

    from_: Wiring[tuple[str, ...]] = field(name="from")
    key: Identity[tuple[str, ...]]
    version: Identity[int] = 1
    columns: Identity[str | None] = None
    frame: Identity[str | None] = None
    window: Identity[timedelta | None] = None
    ttl: Identity[timedelta | None] = None
    contract: Wiring[str | None] = None
    features: Metadata[dict[str, FeatureNote]] = field(default_factory=dict)
    description: Metadata[str] = ""
    tags: Metadata[tuple[str, ...]] = ()


class Moment(Declared, frozen=True):
    """A time relative to a column: `scheduled_at - 2h` is column and a negative offset."""

    column: Identity[str]
    offset: Identity[timedelta] = timedelta(0)


class Absent(Declared, frozen=True):
    """What the absence of a label row means, and when it may be believed."""

    is_: Identity[Any] = field(name="is")
    after: Identity[timedelta]


class Label(Declared, frozen=True):
    """The target: a column of the rows, or a value or mere presence in another source.

    Attributes:
        column: Column of the rows (or of `from_`) that holds the label.
        known: When the label of a row is known: a lag after its event, a column, or `commit`, when the
            row that carries it reaches us. None: as its row; with `from_`, that source's own `known` says it.
        from_: Source of late labels (`from:` in the file), matched by `by_key`.
        by_key: Column of `from_` -> column of the rows; a list where the names are the same.
        present: Label of a row that has a match, from the moment its first match became known.
        absent: Label of a row that has none, believed only after a delay.
        early: A row that has a match before its absence could be believed: `wait` as long as the
            rows without one, so that the young rows are not all of one class, or `use` it at once.
    """

    column: Identity[str | None] = None
    known: Identity[Known | None] = None
    from_: Wiring[str | None] = field(name="from", default=None)
    by_key: Identity[dict[str, str]] = field(default_factory=dict)
    present: Identity[Any] = None
    absent: Identity[Absent | None] = None
    early: Identity[Literal["wait", "use"]] = "wait"

    @property
    def name(self) -> str:
        """What the label is called; no column of the rows with this name is sent by a caller."""
        return self.column or LABEL


class FeaturePick(Declared, frozen=True):
    """Features of one group in a dataset: `weather_hourly.*`, `customer_spend.mean_7d`.

    Attributes:
        group: The group's name; `product/group` is one of another product in a folder beside this one.
        version: Which version is read (`@1`); a group of another product needs it.
        columns: Features picked; None means all.
        by_key: Group key column -> row column, where the names differ.
        prefix: Put before each feature's name.
    """

    group: Wiring[str]
    version: Identity[int | None] = None
    columns: Identity[tuple[str, ...] | None] = None
    by_key: Identity[dict[str, str]] = field(default_factory=dict)
    prefix: Identity[str] = ""


class Interval(Declared, frozen=True):
    """A stretch of time with fixed ends: `from` belongs to it, `to` does not.

    Attributes:
        from_: Its first instant (`from:` in the file), a date or a time; without a zone it is UTC.
        to: The first instant after it.
    """

    from_: Identity[str] = field(name="from")
    to: Identity[str]


class Split(Declared, frozen=True):
    """How labelled rows are divided; parts are durations, intervals, or shares (0..1), as `by` says.

    Attributes:
        by: `time`: durations back from the newest known label. `quota`: shares in the order of time.
            `intervals`: fixed stretches of time. `hash`: shares by a hash of the row. `group`: shares
            by a hash of one column, so that no group is in two parts. `column`: a column names the part.
        stratify: Column, every value of which must be in every part.
        group: The column of `by: group`.
        column: The column of `by: column`; it holds `train`, `validate`, `test`, or nothing.
        apart: Column whose values may not occur in two parts.
        min_rows: A part with fewer rows is refused.
    """

    by: Identity[Literal["time", "quota", "intervals", "hash", "group", "column"]]
    train: Identity[timedelta | float | Interval | None] = None
    validate: Identity[timedelta | float | Interval | None] = None
    test: Identity[timedelta | float | Interval | None] = None
    stratify: Identity[str | None] = None
    group: Identity[str | None] = None
    column: Identity[str | None] = None
    apart: Identity[str | None] = None
    min_rows: Identity[int] = 1


class Dataset(Declared, frozen=True):
    """Training rows: immutable once built.

    Attributes:
        rows: Source with one training row per row.
        predict_at: Nothing known later than this may enter; None for rows without time.
        request: Columns that the caller sends; None (written `"*"`) means all columns of the
            contract but the label.
        features: Features of groups, joined as known at `predict_at`.
        on_demand: Module of functions computed at request time, the same body in training.
        contract: Path of a contract that its features must keep, as the model gets them; what `on_demand`
            computes is held to it at each request too.
    """

    rows: Wiring[str]
    label: Identity[Label]
    split: Identity[Split]
    predict_at: Identity[Moment | None] = None
    request: Identity[tuple[str, ...] | None] = None
    features: Identity[tuple[FeaturePick, ...]] = ()
    on_demand: Identity[str | None] = None
    contract: Wiring[str | None] = None
    description: Metadata[str] = ""
    tags: Metadata[tuple[str, ...]] = ()


# -- models ----------------------------------------------------------------------------------


class Answer(Declared, frozen=True):
    """What a prediction means: a probability of a class with a threshold, or a value in a unit."""

    probability_of: Identity[Any] = None
    threshold: Identity[float | None] = None
    value: Identity[str | None] = None


class Model(Declared, frozen=True):
    """A fitted model.

    Attributes:
        train: `module:function`, called as `fit(train, validate, params, seed)`.
        baseline: Trivial rival trained on the same rows: `majority` (classification) or
            `median` / `mean` (regression).
        serve_as: `auto` serves ONNX when it agrees with the native model, else the native form.
    """

    dataset: Wiring[str]
    train: Identity[str]
    answer: Identity[Answer]
    params: Identity[dict[str, Any]] = field(default_factory=dict)
    baseline: Identity[Literal["majority", "median", "mean"] | None] = None
    seed: Identity[int] = 0
    serve_as: Identity[Literal["auto", "onnx", "native"]] = "auto"
    description: Metadata[str] = ""
    tags: Metadata[tuple[str, ...]] = ()


class Slices(Declared, frozen=True):
    """Which parts of the test rows are judged apart.

    Attributes:
        by: A column name (one slice per value), or a column and its bin edges (half-open on the
            right: 0 <= hour < 6).
        min_rows: A slice below this is *not applicable*, and listed.
    """

    by: Identity[tuple[str | dict[str, tuple[float, ...]], ...]]
    min_rows: Identity[int] = 100


class Evaluation(Declared, frozen=True):
    """Metrics on the test rows, and the gates that judge them.

    Attributes:
        metrics: Names of built-in metrics, or `module:function` of the product.
        tests: Folder of pytest tests about the model.
        gates: Conditions as written, parsed by `headway.spec.expression`.
    """

    model: Wiring[str]
    metrics: Identity[tuple[str, ...]]
    slices: Identity[Slices | None] = None
    tests: Identity[str | None] = None
    gates: Policy[tuple[str, ...]] = ()
    description: Metadata[str] = ""
    tags: Metadata[tuple[str, ...]] = ()


# -- delivery --------------------------------------------------------------------------------


class ReleaseStrategy(Declared, frozen=True):
    """How a release reaches its users."""

    strategy: Policy[Literal["all_at_once", "canary", "shadow", "blue_green", "ab"]] = "all_at_once"
    steps: Policy[tuple[float, ...]] = ()
    guard: Policy[tuple[str, ...]] = ()
    alpha: Policy[float] = 0.05
    deadline: Policy[timedelta | None] = None
    then: Policy[Literal["roll_back", "hold", "advance"]] = "roll_back"
    percent: Policy[float | None] = None
    for_: Policy[timedelta | None] = field(name="for", default=None)


class Limits(Declared, frozen=True):
    """What one endpoint accepts: requests per second, and seconds per request."""

    rate: Policy[float | None] = None
    timeout: Policy[timedelta | None] = None


class Lookups(Declared, frozen=True):
    """How features are looked up at request time.

    Attributes:
        timeout: Longest time of one look-up in an online store across a network; 50 ms if not said.
        fallback: What a look-up gives when the online store does not answer: `snapshot` (the rows that
            were packed with the release), `missing` values, or `refuse` (503).
    """

    timeout: Policy[timedelta | None] = None
    fallback: Policy[Literal["snapshot", "missing", "refuse"]] = "snapshot"


class Endpoint(Declared, frozen=True):
    """A place where a model answers; its releases are artifacts."""

    model: Wiring[str]
    unit: Policy[str | None] = None
    release: Policy[ReleaseStrategy] = ReleaseStrategy()
    limits: Policy[Limits] = Limits()
    lookups: Policy[Lookups] = Lookups()
    description: Metadata[str] = ""
    tags: Metadata[tuple[str, ...]] = ()


class Batch(Declared, frozen=True):
    """Rows that are answered all at once, by the release that an environment serves.

    Attributes:
        rows: Source of the rows; `headway predict` reads all of it each time.
        to: The file that is written, below the product's folder: `.parquet` or `.csv`.
        model: Whose endpoint's release answers; where several endpoints have the model, name the `endpoint`.
        endpoint: The endpoint whose release answers; instead of `model`.
        columns: Columns of the rows that are written beside the predictions; None means all.
        on_bad_rows: What a row that breaks the request contract does: `refuse` the whole batch, or `skip`
            it into a second file (`NAME.rejected.parquet`) with the reason.
    """

    rows: Policy[str]
    to: Policy[str]
    model: Policy[str | None] = None
    endpoint: Policy[str | None] = None
    columns: Policy[tuple[str, ...] | None] = None
    on_bad_rows: Policy[Literal["refuse", "skip"]] = "refuse"
    description: Metadata[str] = ""


class Monitor(Declared, frozen=True):
    """Something watched while a release serves: `drift: features` or `staleness: model`."""

    drift: Policy[str | None] = None
    staleness: Policy[str | None] = None
    false_alarms: Policy[float | None] = None
    max_age: Policy[timedelta | None] = None


class Notify(Declared, frozen=True):
    """A runbook step that tells somebody."""

    notify: Policy[str]


class Schedule(Declared, frozen=True):
    """A command run again and again."""

    every: Policy[timedelta]
    run: Policy[Literal["apply", "plan"]]
    env: Policy[str] = "dev"


class Matter(Declared, frozen=True):
    """What a rule is about: tags, or sources.

    Attributes:
        tag: Tags; `licence` also means every `licence:...`.
        source: Names of sources, or patterns such as `scraped_*`.
    """

    tag: Policy[tuple[str, ...]] = ()
    source: Policy[tuple[str, ...]] = ()


class Anonymity(Declared, frozen=True):
    """Among how many of its like every row of a table must stand: k-anonymity (L. Sweeney, 2002).

    Rows with the same values of all quasi-identifiers are a class; a value that is missing is one of its own.

    Attributes:
        k: How many rows each class must have, from 2 to 1,000.
        columns: Quasi-identifiers by name; in a dataset also under the `prefix` of the group that they come from.
        tag: Tags that make a column one, wherever lineage carries them.
        unit: Column that says whose a row is; a class then needs `k` different values of it, however many rows
            each of them has.
    """

    k: Policy[int]
    columns: Policy[tuple[str, ...]] = ()
    tag: Policy[tuple[str, ...]] = ()
    unit: Policy[str | None] = None


class Retention(Declared, frozen=True):
    """For how long rows and logged predictions may be kept.

    Attributes:
        keep: Counted from the event of a row, and from the moment of a prediction. It is part of what a dataset
            under it is made of, for rows that are older are left out.
        tag: Tags; only what carries one of them may not be kept longer. Left out, all that `on` names.
    """

    keep: Policy[timedelta]
    tag: Policy[tuple[str, ...]] = ()


class PolicyRule(Declared, frozen=True):
    """A rule about data: where it may go, how alike its rows must be, or for how long it is kept.

    One of `deny`, `allow`, `require`, `k_anonymity` and `retention`.

    Attributes:
        deny: No such tag, or no such source.
        allow: Of sources, no others than these, or no others than those that bear one of these tags.
        require: Every one of these tags.
        k_anonymity: No row of a table stands among too few of its like; judged when the table is made.
        retention: Datasets leave out rows that are older, and `gc` removes what is older and not needed any more.
        in_: Nodes (`model.*`, `dataset.churn`) into which nothing may flow that breaks it (`in:` in the file).
        on: Nodes that are looked at by themselves, without what flows into them; of `k_anonymity`, datasets,
            feature groups and batches; of `retention`, datasets and endpoints, which means their prediction log.
        severity: `refuse` in every environment, or `warn` in every one; left out, protected environments
            refuse and others warn.
        reason: Why there is such a rule.
    """

    deny: Policy[Matter | None] = None
    allow: Policy[Matter | None] = None
    require: Policy[Matter | None] = None
    k_anonymity: Policy[Anonymity | None] = None
    retention: Policy[Retention | None] = None
    in_: Policy[tuple[str, ...]] = field(name="in", default=())
    on: Policy[tuple[str, ...]] = ()
    severity: Policy[Literal["refuse", "warn"] | None] = None
    reason: Metadata[str] = ""


class Product(Declared, frozen=True):
    """One ML product, as its file declares it.

    Attributes:
        name: `product:` in the file.
        store: Where the ledger lives when not in `.headway/` (`postgresql://...`).
        objects: Where blobs live when not in `.headway/` (`s3://...`).
        lock: The lock file of the product's environment, relative to the product.
        online: Where features are looked up when not in a file beside the route (`postgresql://...`).
    """

    name: Identity[str] = field(name="product")
    owner: Metadata[str] = ""
    goal: Metadata[str] = ""
    description: Metadata[str] = ""
    environments: Policy[dict[str, Environment]] = field(default_factory=dict)
    sources: Identity[dict[str, Source]] = field(default_factory=dict)
    feature_groups: Identity[dict[str, FeatureGroup]] = field(default_factory=dict)
    datasets: Identity[dict[str, Dataset]] = field(default_factory=dict)
    models: Identity[dict[str, Model]] = field(default_factory=dict)
    evaluations: Identity[dict[str, Evaluation]] = field(default_factory=dict)
    endpoints: Identity[dict[str, Endpoint]] = field(default_factory=dict)
    batches: Policy[dict[str, Batch]] = field(default_factory=dict)
    monitors: Policy[tuple[Monitor, ...]] = ()
    runbooks: Policy[dict[str, tuple[str | Notify, ...]]] = field(default_factory=dict)
    schedules: Policy[tuple[Schedule, ...]] = ()
    policies: Policy[tuple[PolicyRule, ...]] = ()
    store: Policy[str | Secret | None] = None
    objects: Policy[str | Secret | None] = None
    lock: Policy[str | None] = None
    online: Policy[str | Secret | None] = None
