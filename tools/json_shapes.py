"""What each command prints with `--json`, as types: the reference page is made of them, a test holds them.

Digests are 64 hexadecimal digits, ids are UUIDv7, times are RFC 3339 in UTC.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Shape(Struct, forbid_unknown_fields=True):
    """Every field is there, and no other."""


class Cause(Shape):
    """Why a step is not fresh.

    Attributes:
        kind: `missing`, `tainted`, `code`, `data`, `config`, `environment`, `upstream`, `behaviour` or `policy`.
        about: What differs: a qualified name, a dotted field, a path, a distribution, a node.
        before: What it was; null when there was nothing.
        after: What it is now; null when it is gone.
        facts: Ids or digests of the facts that prove it.
    """

    kind: str
    about: str
    before: Any
    after: Any
    facts: list[str]


class Step(Shape):
    """One node of a plan.

    Attributes:
        node: Such as `model.delay`.
        kind: `source`, `feature_group`, `dataset`, `model`, `baseline`, `evaluation` or `endpoint`.
        status: `fresh`, `stale` or `waiting`.
        causes: Why, most severe first.
        key: Of the fingerprint, where every input is known; else empty.
        output: Digest of the artifact that is already there; else empty.
        moves: Whether the environment's pointer is not at the output yet.
    """

    node: str
    kind: str
    status: str
    causes: list[Cause]
    key: str
    output: str
    moves: bool


class Plan(Shape):
    """`headway plan --json`.

    Attributes:
        plan: Its id: the digest of its content, and of what every step is to be made of.
        product: The product's name.
        env: The environment.
        revision: Of the environment that the plan was made against.
        steps: Every node, upstream first.
        notices: What a reader should know that changes nothing.
    """

    plan: str
    product: str
    env: str
    revision: int
    steps: list[Step]
    notices: list[str]


class Applied(Shape):
    """`headway apply --json`.

    Attributes:
        run: Id of this run; empty when there was nothing to do.
        plan: Id of the plan as it stands afterwards.
        env: The environment.
        executed: Nodes that ran, in order.
        revision: Of the environment, afterwards.
        moved: Node -> digest, of the pointers that moved.
        brought: What servers lacked and now have though no pointer moved: `the route`, and tables for look-up.
        refused: Why the pointers did not move (exit code 3); null when nothing refused.
        seconds: Wall time.
    """

    run: str
    plan: str
    env: str
    executed: list[str]
    revision: int
    moved: dict[str, str]
    brought: list[str]
    refused: str | None
    seconds: float


class CheckedNode(Shape):
    """A declared node, and the nodes that it needs."""

    node: str
    kind: str
    needs: list[str]


class NotBuilt(Shape):
    """A part of the file that this version does not build, and its place as `file:line`."""

    part: str
    where: str


class CheckedRule(Shape):
    """A rule about data, and what breaks it, each with its way along lineage.

    Attributes:
        rule: In words.
        where: Its place as `file:line`.
        outcome: `pass`, `fail`, `not applicable`, or `not run` where it is about rows that no run has counted.
        severity: `refuse` or `warn`; null where the environment decides.
        broken: What breaks it.
        note: What there is to know besides: when it is judged, or that it holds for nothing.
    """

    rule: str
    where: str
    outcome: str
    severity: str | None
    broken: list[str]
    note: str


class CheckedBatch(Shape):
    """A declared batch, and the endpoint whose release answers it."""

    batch: str
    endpoint: str


class Checked(Shape):
    """`headway check --json`.

    Attributes:
        product: Its name.
        nodes: What it declares.
        not_built: Parts that are not built yet.
        batches: What is answered all at once.
        coarse: Module that counts as a whole -> why.
        missing: Sources that find no file now, and which file may have been meant.
        uncovered: Nodes whose rows, or what they compute, no contract of their own holds.
        past_retention: What is older than a rule lets it be, and how it goes.
        rules: What its rules about data say of it.
        tags: Node -> tag -> the columns that carry it, and from where.
    """

    product: str
    nodes: list[CheckedNode]
    not_built: list[NotBuilt]
    batches: list[CheckedBatch]
    coarse: dict[str, str]
    missing: list[str]
    uncovered: list[str]
    past_retention: list[str]
    rules: list[CheckedRule]
    tags: dict[str, dict[str, list[str]]]


class Evidence(Shape):
    """One check's result.

    Attributes:
        fact: Id of the fact.
        type: Always `evidence`.
        check: As written (`roc_auc >= 0.6`).
        node: Node whose artifact it is about.
        about: Digest of that artifact.
        outcome: `pass`, `fail`, `warn`, `not applicable`, `not run` or `waived`.
        at: When it was judged.
        against: Other digests that it depends on, by part (`champion`, `evaluation`).
        observed: What was seen, in words.
        wanted: What was asked for, in words.
        reason: Why it is not run, not applicable, or fails.
        values: Numbers behind it.
        expires: When it stops counting; null means never.
        waived_by: Who waived it; empty when nobody did.
    """

    fact: str
    type: str
    check: str
    node: str
    about: str
    outcome: str
    at: str
    against: dict[str, str]
    observed: str
    wanted: str
    reason: str
    values: dict[str, Any]
    expires: str | None
    waived_by: str


class Fingerprint(Shape):
    """What a node was made of, part by part.

    Attributes:
        config: Dotted field -> value.
        code: Qualified name -> digest of its normalised code.
        environment: Distribution -> version.
        data: Input file -> digest of its content.
        inputs: Upstream node -> digest of its output.
        scheme: Version of this way of making fingerprints.
    """

    config: dict[str, Any]
    code: dict[str, str]
    environment: dict[str, str]
    data: dict[str, str]
    inputs: dict[str, str]
    scheme: Any


class Execution(Shape):
    """One run of one node.

    Attributes:
        type: Always `execution`.
        run: Id of the apply that ran it.
        node: Its name.
        kind: Its kind.
        fingerprint: What it was made of.
        key: Digest of the fingerprint, for this node.
        outcome: `succeeded` or `failed`.
        started: When.
        seconds: Wall time.
        output: Digest of the artifact; null when it failed.
        seed: Of the random numbers; null where there are none.
        libraries: Distribution -> version installed.
        code_archive: Digest of a zip with the code as it was.
        log: Digest of what the code printed; null when it printed nothing.
        error: First line of the failure; null when it did not fail.
        trigger: Why it ran: the first cause, in words.
        waits_until: When the passing of time makes it stale; null means never.
    """

    type: str
    run: str
    node: str
    kind: str
    fingerprint: Fingerprint
    key: str
    outcome: str
    started: str
    seconds: float
    output: str | None
    seed: int | None
    libraries: dict[str, str]
    code_archive: str | None
    log: str | None
    error: str | None
    trigger: str
    waits_until: str | None


class Closure(Shape):
    """The code that a node is made of.

    Attributes:
        parts: Qualified name -> digest of its normalised code.
        imports: Third-party packages that the code imports.
        coarse: Module that counts as a whole -> why.
        files: Files that the code lies in.
        absent: Places that were looked at before what was found, and were empty.
    """

    parts: dict[str, str]
    imports: list[str]
    coarse: dict[str, str]
    files: list[str]
    absent: list[str]


class UpstreamStep(Shape):
    """A node that the asked one waits for."""

    node: str
    status: str
    causes: list[Cause]


class Explained(Shape):
    """`headway why NODE --json`.

    Attributes:
        node: The node.
        status: `fresh`, `stale` or `waiting`.
        causes: Why.
        upstream: Nodes that it needs and that are not fresh.
        last: Its newest successful execution; null when it never ran.
        closure: Its code; null when it has none of its own.
        libraries: Distribution -> version, of all that its code needs.
        unlocked: Those that no lock file pins.
        printed: What the code printed in the last execution.
        evidence: What is known about its present output, newest first.
    """

    node: str
    status: str
    causes: list[Cause]
    upstream: list[UpstreamStep]
    last: Execution | None
    closure: Closure | None
    libraries: dict[str, str]
    unlocked: list[str]
    printed: str
    evidence: list[Evidence]


class Held(Shape):
    """A release that may not be pointed at.

    Attributes:
        node: The endpoint.
        digest: The release.
        who: Who took it back.
        why: The reason given.
    """

    node: str
    digest: str
    who: str
    why: str


class OnlineTable(Shape):
    """A table of the online store.

    Attributes:
        commit: Commit of the feature group that it holds; null when it is not there.
        wanted: Commit that the environment points at; null when that lies in another table.
        rows: How many.
        newest_event: Time of the newest event; null without rows.
        written: When it was written; null when it is not there.
    """

    commit: str | None
    wanted: str | None
    rows: int
    newest_event: str | None
    written: str | None


class PastRetention(Shape):
    """A dataset or a prediction log that holds what is older than it may be, since when, and by which rule."""

    what: str
    since: str
    rule: str


class BroughtBack(Shape):
    """A feature group that holds the rows of an earlier commit, until its sources or its code change.

    Attributes:
        commit: Number of that commit.
        since: When it was brought back.
        who: By whom.
        why: What they said.
    """

    commit: int
    since: str
    who: str
    why: str


class EnvironmentStatus(Shape):
    """One environment.

    Attributes:
        name: Its name.
        protected: Whether its pointers move only through gates.
        revision: Number of its moves; null where the ledger cannot be read.
        pointers: Node -> digest; null likewise.
        holds: Releases held back.
        served: Endpoint -> releases that the servers are told to serve; none when it is stopped.
        unreleased: Endpoints that serve nothing because nothing was released to them yet.
        route_revision: Revision that the route file carries; null when there is none.
        override: `stop` or `roll_back` done without the ledger and not journalled yet; else null.
        agrees: Whether ledger and servers say the same; null where the ledger cannot be read.
        last_good: Source's node -> when the version was read that is used while it cannot be read.
        restored: Feature group's node -> the earlier commit whose rows it holds.
        past_retention: What it holds that is older than a rule lets it be.
        online: Table -> how the online store has it, of the tables that the releases look up.
        online_trouble: Why that cannot be told; empty when it can.
    """

    name: str
    protected: bool
    revision: int | None
    pointers: dict[str, str] | None
    holds: list[Held]
    served: dict[str, list[str]]
    unreleased: list[str]
    route_revision: int | None
    override: str | None
    agrees: bool | None
    last_good: dict[str, str]
    restored: dict[str, BroughtBack]
    past_retention: list[PastRetention]
    online: dict[str, OnlineTable]
    online_trouble: str


class Status(Shape):
    """`headway status --json`.

    Attributes:
        product: Its name.
        ledger: `ok`, or why it cannot be read.
        environments: Each one.
    """

    product: str
    ledger: str
    environments: list[EnvironmentStatus]


class File(Shape):
    """One file of an artifact.

    Attributes:
        name: In the artifact.
        digest: blake3.
        sha256: The same content in SHA-256, for other tools.
        size: Bytes.
    """

    name: str
    digest: str
    sha256: str
    size: int


class Lookup(Shape):
    """Where the features of one group came from, for one prediction.

    Attributes:
        group: The feature group.
        source: `online`, `snapshot` (the rows that the release brought along), or `missing` (the online store did
            not answer, and the endpoint goes on without).
        commit: Commit of the group that the values are of; empty where there is none.
        found: Whether there was a row of the entity that counts; its features are missing otherwise.
        age_seconds: Age of the newest row where it is over the group's `ttl`, and so does not count; else null.
        ttl_seconds: That `ttl`; null likewise.
    """

    group: str
    source: str
    commit: str
    found: bool
    age_seconds: float | None
    ttl_seconds: float | None


class Broken(Shape):
    """An expectation that a row breaks, and that only warns.

    Attributes:
        expectation: Its author's word for it, else the contract's.
        columns: The columns that it judges.
    """

    expectation: str
    columns: list[str]


class Verdict(Shape):
    """What the contract let pass in one row; all empty for a row that keeps it.

    Attributes:
        warned: Expectations that it breaks, and that only warn.
        mapped: Column -> what was sent, a category that the contract does not know; `sent` has the one in its place.
        filled: Columns that were not sent; `sent` has their default.
    """

    warned: list[Broken]
    mapped: dict[str, Any]
    filled: list[str]


class Prediction(Shape):
    """One entry of the prediction log.

    Attributes:
        id: Its id, as in the answer.
        request: Id of the request; the caller's own when one was sent.
        at: Microseconds since 1970, UTC.
        environment: Where it was answered.
        endpoint: The endpoint's name.
        release: Digest of the release that answered.
        variant: `stable`, or the role of another release.
        unit: Value of the sticky unit; empty when none is declared.
        sent: Request column -> value as sent, where `verdict` says nothing else.
        features: Model input -> value.
        answer: `probability` and `label`, or `value`.
        seconds: From the decoded request to the answer.
        lookups: One per look-up of the release.
        contract: Digest of the request contract, which is a file of the release; empty in older logs.
        verdict: What that contract let pass.
    """

    id: str
    request: str
    at: int
    environment: str
    endpoint: str
    release: str
    variant: str
    unit: str
    sent: dict[str, Any]
    features: dict[str, Any]
    answer: dict[str, Any]
    seconds: float
    lookups: list[Lookup]
    contract: str
    verdict: Verdict


class RefusedFault(Shape):
    """What refused rows break.

    Attributes:
        column: Of the contract; several with commas between them; empty where the contract knows none.
        rule: `type`, `nulls`, `min`, `max`, `matches`, `in`, `missing`, `extra_columns`, or an expectation.
    """

    column: str
    rule: str


class RefusedKind(Shape):
    """Requests of one kind that the contract refused within a short time; nothing that was sent.

    Attributes:
        first: Microseconds since 1970, UTC, of the first.
        last: The same of the last.
        count: How many.
        environment: Where they were refused.
        endpoint: The endpoint's name.
        release: Digest of the release that refused.
        variant: `stable`, or the role of another release.
        contract: Digest of its request contract.
        status: HTTP status of the answer; 0 for other kinds than the first sixteen, which are not told apart.
        code: Code of the error; empty likewise.
        faults: The first ten; none where the body cannot be read.
    """

    first: int
    last: int
    count: int
    environment: str
    endpoint: str
    release: str
    variant: str
    contract: str
    status: int
    code: str
    faults: list[RefusedFault]


class PredictionsRefused(Shape):
    """`headway predictions --refused --json`.

    Attributes:
        refused: The newest kinds, newest first.
        lost: Records that were torn or damaged near them.
    """

    refused: list[RefusedKind]
    lost: int


class Predictions(Shape):
    """`headway predictions --json`.

    Attributes:
        predictions: The newest ones, oldest first.
        lost: Records that were dropped or torn near them.
    """

    predictions: list[Prediction]
    lost: int


class Hold(Shape):
    """A release that must not come back.

    Attributes:
        node: The endpoint.
        digest: The release.
        who: Who took it back.
        why: The reason given.
        at: When.
        until: When the hold ends; null means not until it is lifted.
    """

    node: str
    digest: str
    who: str
    why: str
    at: str
    until: str | None


class Move(Shape):
    """One move of an environment's pointers.

    Attributes:
        seq: Number of the fact in the ledger.
        id: Of the fact.
        hash: Of this move and the one before it.
        type: Always `move`.
        environment: Its name.
        revision: That the move made.
        action: `apply`, `promote`, `roll_back`, `stop`, `override` or `unhold`.
        who: Who asked.
        why: The reason given.
        at: When.
        before: Node -> digest, of the pointers that changed.
        after: Node -> digest; a node that is only in `before` lost its pointer.
        evidence: Ids of the facts that allowed it.
        plan: Id of the plan that asked for it; null when none did.
        holds: The environment's holds after it.
    """

    seq: int
    id: str
    hash: str
    type: str
    environment: str
    revision: int
    action: str
    who: str
    why: str
    at: str
    before: dict[str, str]
    after: dict[str, str]
    evidence: list[str]
    plan: str | None
    holds: list[Hold]


class Log(Shape):
    """`headway log --json`.

    Attributes:
        moves: Oldest first.
        verified: Whether the chain was checked.
    """

    moves: list[Move]
    verified: bool


class RowDifferences(Shape):
    """How the rows of two commits of a feature group differ.

    Attributes:
        first: Number of the first commit.
        second: Number of the second.
        columns: `dropped` and `new` columns.
        examples: At most 5 rows each: `added`, `updated` (as `before` and `after`), `deleted`.
    """

    first: int
    second: int
    added: int
    updated: int
    deleted: int
    columns: dict[str, list[str]]
    examples: dict[str, list[dict[str, Any]]]


class Differences(Shape):
    """`headway diff A B --json`.

    Attributes:
        differences: One object per node that differs: `node`, and under the name of each environment the
            digest that it points at, or null.
        rows: With two commits of a feature group, and then alone: how their rows differ.
    """

    differences: list[dict[str, str | None]] = []
    rows: RowDifferences | None = None


class Artifact(Shape):
    """`headway show REF --json`.

    Attributes:
        digest: Its name.
        kind: `source`, `feature_group`, `dataset`, `model`, `baseline`, `evaluation` or `release`.
        files: Its files.
        meta: Small facts about it (rows, columns, runtime).
        table: The table that its files belong to; empty for all but feature groups.
        made: The newest execution that came out with it; null when none is recorded, left out with `--rows`.
        k_anonymity: How large its classes are, for each rule that was judged on it; left out with `--rows`.
        environments: Those that point at it now; left out with `--rows`.
        description: What its author says of its node now; left out with `--rows`.
        tags: Those that are given to its node now; left out with `--rows`.
        carries: Tag -> the columns that carry it, and from where; left out with `--rows`.
        prediction: The prediction, when the reference was its id; else left out.
        rows: With `--rows`, the first rows of the group; else left out.
    """

    digest: str
    kind: str
    files: list[File]
    meta: dict[str, Any]
    table: str
    made: Execution | None = None
    k_anonymity: list[Evidence] = []
    environments: list[str] = []
    description: str = ""
    tags: list[str] = []
    carries: dict[str, list[str]] = {}
    prediction: Prediction | None = None
    rows: list[dict[str, Any]] | None = None


class ExecutionRan(Shape):
    """One execution of a run.

    Attributes:
        outcome: `succeeded` or `failed`.
        error: Code and first line of the failure; null when it succeeded.
        trigger: Why it ran: the first cause.
        seed: That was used; null where there is none.
        inputs: Upstream node -> digest of its artifact.
        data: Input file -> digest of its content.
        output: Digest of the artifact; null when it failed.
        code_archive: Blob of the product's code as it was; null where there is none.
        libraries: Distribution -> version installed.
        printed: What its code printed.
    """

    node: str
    outcome: str
    error: str | None
    trigger: str
    started: str
    seconds: float
    seed: int | None
    inputs: dict[str, str]
    data: dict[str, str]
    output: str | None
    code_archive: str | None
    libraries: dict[str, str]
    printed: str


class Ran(Shape):
    """`headway show run.ID --json`.

    Attributes:
        plan: Id of the plan that it carried out.
        who: Who asked for it.
        at: When it began.
        outcome: `succeeded`, `failed`, `refused`, `interrupted`; `not ended` when it is at work or was killed.
        reason: Why it did not succeed.
        seconds: What it took; null when it has not ended.
        executions: What ran, in order.
    """

    run: str
    command: str
    environment: str
    plan: str
    who: str
    at: str
    outcome: str
    reason: str
    seconds: float | None
    executions: list[ExecutionRan]


class Commit(Shape):
    """A commit of a feature group.

    Attributes:
        node: The group.
        number: From 1, over all versions of the group.
        commit: Its id, and the digest of the group at it.
        parent: Id of the commit that the counts are against; null for the first of a table.
        version: The version that the product file declared.
        table: The physical table.
        digests: `added`, `updated`, `deleted` -> digest of those rows.
        content: Digest of all rows afterwards.
        run: Id of the apply, or of the restore.
        code: Digest of the feature code.
        contract: What the contracts of its sources said.
        mode: `first`, `backfill`, `full`, `incremental` or `restore`.
        restored: Number of the commit whose rows came back; 0 otherwise.
        environments: Those that point at it now.
        collected: Whether `gc` removed its rows.
    """

    node: str
    number: int
    commit: str
    parent: str | None
    version: int
    table: str
    added: int
    updated: int
    deleted: int
    rows: int
    digests: dict[str, str]
    content: str
    who: str
    run: str
    code: str
    contract: str
    mode: str
    at: str
    restored: int
    why: str
    environments: list[str]
    collected: bool


class History(Shape):
    """`headway history GROUP --json`.

    Attributes:
        commits: Newest first.
    """

    commits: list[Commit]


class GroupRestored(Shape):
    """`headway group restore GROUP@N --json`.

    Attributes:
        node: The group.
        restored: Number of the commit whose rows came back.
        number: Of the commit that holds them now.
        commit: Its id.
        new: Whether it was made; false where the newest rows are those already.
    """

    node: str
    restored: int
    number: int
    commit: str
    new: bool
    added: int
    updated: int
    deleted: int
    rows: int


class StoredItem(Shape):
    """A version of a source, or a commit of a group, on the disk; by a retention, a dataset or a file of the log.

    Attributes:
        digest: The artifact's; of a prediction log, the file.
        commit: Number of the commit; 0 for a source.
        size: Bytes of its files; a file that several share counts for each.
        why: Why it stays, or goes.
    """

    node: str
    digest: str
    commit: int
    size: int
    why: str


class StoredTable(Shape):
    """A physical table of a group, as far as it stays.

    Attributes:
        table: Its place below `tables/`.
        commits: How many of its commits stay.
        size: Bytes of their files, each counted once.
        releases: Releases that were made of one of them.
    """

    node: str
    table: str
    commits: int
    size: int
    releases: list[str]


class Collected(Shape):
    """`headway gc --json`.

    Attributes:
        dry_run: Whether nothing was removed.
        files: Files that go.
        bytes: Their size.
        removed: Sources and commits that go, and what is too old.
        kept: Sources and commits that stay, and what is too old and stays.
        tables: Tables of groups, with what they cost and who reads them.
    """

    dry_run: bool
    files: int
    bytes: int
    removed: list[StoredItem]
    kept: list[StoredItem]
    tables: list[StoredTable]


class Check(Shape):
    """A check of an artifact: what was checked, the outcome, what was seen, and the fact's id."""

    check: str
    outcome: str
    observed: str
    fact: str


class Placed(Shape):
    """When an environment was pointed at an artifact, by whom, why, and on which verdicts.

    Attributes:
        verdicts: Gates and checks that allowed it, with their outcome.
    """

    environment: str
    revision: int
    action: str
    who: str
    why: str
    at: str
    fact: str
    verdicts: list[Check]


class Vertex(Shape):
    """One artifact in a lineage.

    Attributes:
        node: The node that made it.
        kind: Its kind.
        digest: Its name.
        run: Id of the apply that made it.
        fact: Id of the execution.
        made_at: When it was begun.
        seconds: How long it took.
        seed: Of its random numbers; null where there are none.
        trigger: Why it ran.
        code: Qualified names of its code.
        code_archive: Digest of that code as a zip; null when it has none.
        data: Input file -> digest.
        libraries: Distribution -> version.
        meta: Small facts about it.
        checks: What was checked of it.
        placed: Which environments were pointed at it.
    """

    node: str
    kind: str
    digest: str
    run: str
    fact: str
    made_at: str
    seconds: float
    seed: int | None
    trigger: str
    code: list[str]
    code_archive: str | None
    data: dict[str, str]
    libraries: dict[str, str]
    meta: dict[str, Any]
    checks: list[Check]
    placed: list[Placed]


class Edge(Shape):
    """One artifact (`source`) went into another (`target`), by digest."""

    source: str
    target: str


class Lineage(Shape):
    """`headway lineage REF --json`.

    Attributes:
        subject: Digest that was asked about.
        direction: `up` or `down`.
        vertices: The subject first, then breadth first.
        edges: What went into what.
        beyond: Artifacts that are not listed, when there are more than 1,000.
        carried: Node -> tag -> the columns that carry it, and from where, as the product file has it now.
        prediction: The prediction, when the reference was its id; else left out.
    """

    subject: str
    direction: str
    vertices: list[Vertex]
    edges: list[Edge]
    beyond: int
    carried: dict[str, dict[str, list[str]]]
    prediction: Prediction | None = None


class Moved(Shape):
    """A promotion's move: the revision that it made, and the pointers before and after."""

    revision: int
    before: dict[str, str]
    after: dict[str, str]


class Promoted(Shape):
    """`headway promote --json`.

    Attributes:
        moved: The move; null when the target pointed there already.
        lifted: Whether holds were lifted.
    """

    moved: Moved | None
    lifted: bool


class Ended(Shape):
    """`headway rollback --json` and `headway stop --json`.

    Attributes:
        revision: That the move made; null when it was done without the ledger.
        before: Pointers that changed, before.
        after: The same, after.
        held: Releases held back from now on.
        override: Whether it was done by an override beside the route.
        seconds: What it took.
    """

    revision: int | None
    before: dict[str, str]
    after: dict[str, str]
    held: list[str]
    override: bool
    seconds: float


class Reproduced(Shape):
    """`headway reproduce REF --json`.

    Attributes:
        node: The node.
        digest: Of the recorded result.
        again: Of the result made now.
        verdict: `equal`, `equal in behaviour` or `differs` (exit code 3).
        reasons: What was compared, and what differs.
        worst: Largest difference between the two models' answers; null when none was measured.
        seconds: What it took.
    """

    node: str
    digest: str
    again: str
    verdict: str
    reasons: list[str]
    worst: float | None
    seconds: float


class SearchResult(Shape):
    """One thing that was found.

    Attributes:
        product: Name of the product that declares it.
        kind: `source`, `column`, `feature_group`, `feature`, `dataset`, `model`, `evaluation` or `endpoint`.
        name: `feature_group.spend`, or `feature_group.spend: mean_7d` for a feature.
        description: As declared.
        tags: Those that are given to it.
        carries: Those that it carries because of what it reads.
        version: Of a feature group; else null.
        commit: Number of a group's newest commit; 0 where there is none.
        fresh: When it was last made; empty when it never was.
        readers: Nodes downstream of it, nearest first.
        environments: Where a release that reads it is pointed at, or the thing itself.
        place: `file:line`.
    """

    product: str
    kind: str
    name: str
    description: str
    tags: list[str]
    carries: list[str]
    version: int | None
    commit: int
    fresh: str
    readers: list[str]
    environments: list[str]
    place: str


class SearchResults(Shape):
    """`headway search --json`.

    Attributes:
        total: How many there are; `--limit` of them are listed.
        products: Those that were searched.
        skipped: Product file -> why it could not be read.
        results: Best first.
    """

    total: int
    products: list[str]
    skipped: dict[str, str]
    results: list[SearchResult]


class Batch(Shape):
    """A declared batch, and its newest run in the environment.

    Attributes:
        batch: Its name.
        rows: The source of its rows.
        to: Its output.
        on_bad_rows: `refuse` or `skip`.
        last: When it was predicted last; null when it never was, like what follows.
        run: Id of that run.
        kept: Rows that were answered.
        rejected: Rows that were set aside.
    """

    batch: str
    rows: str
    to: str
    on_bad_rows: str
    last: str | None
    run: str | None
    kept: int | None
    rejected: int | None


class Batches(Shape):
    """`headway predict --json`.

    Attributes:
        environment: Where they were run.
        batches: In the order of the product file.
    """

    environment: str
    batches: list[Batch]


class BatchDone(Shape):
    """`headway predict NAME --json`; with `--bundle` the batch and the environment are empty.

    Attributes:
        run: Id of the run; the prediction log has it as the request.
        release: Digest of the release that answered.
        rows: How many were read: `kept` + `rejected`.
        reasons: The first five reasons of rejected rows.
        to: The output.
        output: blake3 of its bytes.
        rejected_to: The file of rejected rows; null where they are refused.
        looked_up: `group (online)`, `group (snapshot)`, `group (missing)` -> rows whose features came from there.
        warned: Expectation of the request contract that only warns -> rows that were answered and break it.
        mapped: Column -> values of unknown categories that were mapped.
        broken: Rules about rows that the output breaks, where they refuse nothing.
        seconds: Wall time.
    """

    run: str
    batch: str
    environment: str
    endpoint: str
    release: str
    rows: int
    kept: int
    rejected: int
    reasons: list[str]
    to: str
    output: str
    rejected_to: str | None
    looked_up: dict[str, int]
    warned: dict[str, int]
    mapped: dict[str, int]
    broken: list[str]
    seconds: float


class SuiteResult(Shape):
    """One expectation of `headway validate --json`, as Great Expectations 1.x has it.

    Attributes:
        expectation_config: `type`, `kwargs`, `severity`, `id` where it has one; in `meta` what is wanted in words,
            what is done with what breaks it, and the outcome: `pass`, `fail`, `warn`, `not applicable`, `not run`.
        result: Of rows `element_count`, `missing_count`, `unexpected_count` with their percentages, the first values
            (`partial_unexpected_list`) and their places from 0; of a column or the table `observed_value`.
        exception_info: `raised_exception` is true for what could not run.
    """

    success: bool
    expectation_config: dict[str, Any]
    result: dict[str, Any]
    meta: dict[str, Any]
    exception_info: dict[str, Any]


class Validated(Shape):
    """`headway validate --json`: the result of a suite, as Great Expectations 1.x has it.

    Attributes:
        success: Whether every expectation is met. What only warns makes it false too: the exit code, and
            `meta.headway.passed`, say whether the contract is kept.
        suite_name: The contract's file.
        statistics: `evaluated_expectations`, `successful_expectations`, `unsuccessful_expectations`,
            `success_percent`.
        meta: Under `headway`: the table, the contract and its version, rows, how many it would set aside for which
            reason, whether it passed, how many failed and warned.
    """

    success: bool
    results: list[SuiteResult]
    suite_name: str
    suite_parameters: dict[str, Any]
    statistics: dict[str, Any]
    meta: dict[str, Any]
    id: None


class ColumnSeen(Shape):
    """A column that `profile` looked at.

    Attributes:
        type: Of the contract; null where it holds none such.
        stored_as: Its type in the file.
        distinct: Distinct values; an estimate unless `distinct_is_exact`.
        min: Smallest value; of text the length of the shortest.
        max: Largest value; of text the length of the longest.
        quartiles: Three of numbers; from 50,000 rows evenly spread where there are more.
        top: The most frequent values, each with its count, where there are few; 20 at most.
        shape: Pattern that all texts match.
        personal: Whether it looks personal, or is tagged so: then no value of it is shown.
    """

    name: str
    type: str | None
    stored_as: str
    values: int
    nulls: int
    null_share: float
    infinite: int
    distinct: int
    distinct_is_exact: bool
    min: Any
    max: Any
    quartiles: list[float]
    top: list[list[Any]]
    shape: str | None
    personal: bool


class Profiled(Shape):
    """`headway profile --json`.

    Attributes:
        contract: The proposal, as a file.
        notes: What to know before taking it.
        written: The file that it was written to.
    """

    table: str
    rows: int
    columns: list[ColumnSeen]
    contract: str
    notes: list[str]
    written: str | None


class ContractVerdict(Shape):
    """What a contract said of an artifact.

    Attributes:
        about: Digest of the artifact.
        outcome: `pass` or `warn`; what fails makes no artifact.
        at: When.
        observed: How many checks on how many rows; and the worst that warns, with one example.
    """

    about: str
    outcome: str
    at: str
    observed: str


class ContractHeld(Shape):
    """A node whose rows a contract holds.

    Attributes:
        requests: Endpoints that hold each request to it too.
        verdicts: The last ones, newest first.
    """

    node: str
    requests: list[str]
    verdicts: list[ContractVerdict]


class ContractDeclared(Shape):
    """A contract that the product file names.

    Attributes:
        file: As the product file writes it.
        version: As its author counts.
        digest: Of its meaning: not of comments, units and descriptions.
    """

    file: str
    version: int
    digest: str
    held: list[ContractHeld]


class ContractCoverage(Shape):
    """The features of a dataset.

    Attributes:
        dataset: Its name.
        by: Contract -> the features that it holds; a contract of another product as `product/file`.
        free: Features under no contract.
        made: Whether the dataset was built; before, its features are not known.
        features: How many there are.
    """

    dataset: str
    by: dict[str, list[str]]
    free: list[str]
    made: bool
    features: int


class ContractStatus(Shape):
    """`headway contract status --json`."""

    product: str
    contracts: list[ContractDeclared]
    coverage: list[ContractCoverage]


class SuiteMapped(Shape):
    """An expectation that a contract honours.

    Attributes:
        place: Its number in the suite, from 0.
        into: Where it stands in the contract.
    """

    place: int
    type: str
    into: str


class SuiteRefused(Shape):
    """An expectation that a contract cannot honour."""

    place: int
    type: str
    columns: list[str]
    why: str


class SuiteImported(Shape):
    """`headway contract import SUITE.json --json`.

    Attributes:
        generation: Of Great Expectations: `0.x` or `1.x`.
        refused: Only with `--partial`; without, the command ends with exit code 3.
        notes: Types that were assumed, and what was left out since it changes no verdict.
        contract: As a file.
        written: The file that it was written to.
    """

    suite: str
    generation: str
    mapped: list[SuiteMapped]
    refused: list[SuiteRefused]
    notes: list[str]
    contract: str
    written: str | None


class ParityDifference(Shape):
    """A value that is not the same.

    Attributes:
        prediction: Id of the prediction.
        at: When it was made.
        logged: What the model saw; `[pii]` where it is personal.
        recomputed: What training would have seen.
        cause: `came later`: the rows that the environment pointed at then explain it. `not as in a full computation`:
            the rows as they are stored do, and their code makes others of all source rows. `computed otherwise`.
    """

    prediction: str
    at: str
    logged: Any
    recomputed: Any
    cause: str


class ParityFeature(Shape):
    """One feature of one release.

    Attributes:
        release: Digest of the release that answered.
        origin: `request`, `group` or `on_demand`; empty for a release that is not kept.
        compared: Values that were compared; `equal` of them are the same.
        not_run: Why none could be; else empty.
        causes: Cause -> values.
        examples: At most five.
        outcome: `pass`, `fail` or `not run`.
    """

    endpoint: str
    release: str
    feature: str
    origin: str
    compared: int
    equal: int
    not_run: str
    causes: dict[str, int]
    examples: list[ParityDifference]
    outcome: str


class Parity(Shape):
    """`headway test --parity --json`.

    Attributes:
        outcome: `pass`; `fail` where a value differs; `not run` where something could not be compared.
        tolerance: Relative difference of two numbers that are still the same.
        predictions: How many were looked at.
        lost: Records of the log that were lost or torn near them.
    """

    environment: str
    outcome: str
    tolerance: float
    predictions: int
    lost: int
    compared: int
    equal: int
    features: list[ParityFeature]


OUTPUTS: dict[str, type[Shape]] = {
    "check": Checked,
    "plan": Plan,
    "apply": Applied,
    "why": Explained,
    "status": Status,
    "show": Artifact,
    "show run.ID": Ran,
    "log": Log,
    "diff": Differences,
    "lineage": Lineage,
    "history": History,
    "search": SearchResults,
    "group": GroupRestored,
    "validate": Validated,
    "profile": Profiled,
    "contract import": SuiteImported,
    "contract status": ContractStatus,
    "promote": Promoted,
    "rollback": Ended,
    "stop": Ended,
    "predict": Batches,
    "predict NAME": BatchDone,
    "predictions": Predictions,
    "predictions --refused": PredictionsRefused,
    "reproduce": Reproduced,
    "test": Parity,
    "gc": Collected,
}
"""Command -> what it prints with `--json`."""
