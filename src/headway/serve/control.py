"""The pages about the server itself: `/metrics` for Prometheus, `/status`, `/openapi.json`.

Heavy by nature (Starlette, prometheus-client): loaded after the server is ready.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from headway import __version__
from headway.serve.meters import Checked, Label, Meter, Warned
from headway.serve.openapi import describe
from headway.serve.serving import summary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric
    from starlette.requests import Request

    from headway.serve.core import Core


def pages(core: Core) -> Starlette:
    """The application that serves them."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(core))

    async def metrics(request: Request) -> Response:
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"content-type": content_type})

    async def status(_: Request) -> Response:
        return JSONResponse(status_of(core))

    async def openapi(_: Request) -> Response:
        return JSONResponse(describe(core.serving))

    return Starlette(
        routes=[Route("/metrics", metrics), Route("/status", status), Route("/openapi.json", openapi)]
    )


def status_of(core: Core) -> dict[str, Any]:
    """What is served, and what became of the prediction log."""
    log = None if core.log is None else core.log.counts._asdict()
    return {"version": __version__, **summary(core.serving), "log": log}


class Figures:
    """This process's figures as Prometheus wants them, collected when asked.

    Args:
        core: What is measured.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def collect(self) -> Iterator[Metric]:
        """All metric families."""
        yield from self._requests()
        yield from self._log()
        yield from self._route()
        yield self._lookups()
        yield from self._contract()

    def _contract(self) -> Iterator[Metric]:
        text = "Time to read the rows of a request and check them by the contract, refused ones too."
        seconds = HistogramMetricFamily("headway_check_seconds", text, labels=Checked._fields)
        for label, meter in list(self._core.meters.checked.items()):
            seconds.add_metric([*label], _cumulative(meter), meter.seconds)
        yield seconds
        text = "Rows answered though they break an expectation whose policy is to warn."
        warned = CounterMetricFamily("headway_contract_warnings", text, labels=Warned._fields)
        for label, rows in list(self._core.meters.warned.items()):
            warned.add_metric([*label], rows)
        yield warned
        text = "Values of unknown categories that were mapped to the one that the contract names."
        mapped = CounterMetricFamily(
            "headway_mapped_categories", text, labels=["endpoint", "release", "column"]
        )
        for name, live in self._core.serving.endpoints.items():
            for variant in live.variants:
                for column, values in list(variant.release.record.mapped.items()):
                    mapped.add_metric([name, variant.release.version, column], values)
        yield mapped

    def _lookups(self) -> Metric:
        text = "Rows looked up, by where their features came from: online, snapshot, missing; or expired, refused."
        found = CounterMetricFamily("headway_lookups", text, labels=["endpoint", "group", "source"])
        for name, live in self._core.serving.endpoints.items():
            for variant in live.variants[:1]:
                for (group, source), rows in list(variant.online.counts.items()):
                    found.add_metric([name, group, source], rows)
        return found

    def _route(self) -> Iterator[Metric]:
        serving = self._core.serving
        for name, text, value in (
            ("headway_route_revision", "Revision of the environment served.", serving.route.revision),
            ("headway_overridden", "1 while an override is in force.", serving.overridden),
            ("headway_ready", "1 when every endpoint that is not stopped has a release.", serving.is_ready),
        ):
            yield GaugeMetricFamily(name, text, value=float(value))
        text = "Routes, overrides and releases that could not be taken up."
        yield CounterMetricFamily("headway_route_failures", text, value=serving.failures)
        text = "Share of an endpoint's requests, percent."
        weights = GaugeMetricFamily("headway_release_weight", text, labels=["endpoint", "release"])
        for name, live in serving.endpoints.items():
            for variant, weight in zip(live.variants, live.weights, strict=True):
                weights.add_metric([name, variant.release.version], weight)
        yield weights

    def _requests(self) -> Iterator[Metric]:
        requests = CounterMetricFamily("headway_requests", "Requests answered.", labels=Label._fields)
        rows = CounterMetricFamily("headway_rows", "Rows in those requests.", labels=Label._fields)
        seconds = HistogramMetricFamily(
            "headway_request_seconds", "Time from the read request to its answer.", labels=Label._fields
        )
        for label, meter in list(self._core.meters.requests.items()):
            names = [str(part) for part in label]
            requests.add_metric(names, meter.count)
            rows.add_metric(names, meter.rows)
            seconds.add_metric(names, _cumulative(meter), meter.seconds)
        yield from (requests, rows, seconds)

    def _log(self) -> Iterator[Metric]:
        if self._core.log is None:
            return
        counts = self._core.log.counts
        for name, text, value in (
            ("headway_log_written", "Predictions written to the log.", counts.written),
            ("headway_log_dropped", "Predictions that the log lost.", counts.dropped),
            ("headway_log_failures", "Times that the log's disk refused.", counts.failures),
        ):
            yield CounterMetricFamily(name, text, value=value)
        yield GaugeMetricFamily("headway_log_waiting", "Predictions not yet written.", value=counts.waiting)


def _cumulative(meter: Meter) -> list[tuple[str, float]]:
    reached = 0
    buckets: list[tuple[str, float]] = []
    for bound, count in zip([*map(str, meter.bounds), "+Inf"], meter.buckets, strict=True):
        reached += count
        buckets.append((bound, reached))
    return buckets
