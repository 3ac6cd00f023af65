"""What a Spark session took and held: seconds of processors, memory of the driver, tasks of its stages."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MB = 1e6


def local(cores: int, **settings: str) -> SparkSession:
    """A session on so many cores, one polars thread for each."""
    from flows.engines.spark_start import session

    os.environ["POLARS_MAX_THREADS"] = "1"
    return session(f"local[{cores}]", {"spark.driver.memory": "2g", **settings})


def all_processors(action: Callable[[], object]) -> float:
    """Seconds of the processor, of this process and all below it, however busy the machine is with others."""

    def used() -> float:
        me = psutil.Process()
        times = [each.cpu_times() for each in (me, *me.children(recursive=True))]
        return float(sum(each.user + each.system for each in times))

    began = used()
    action()
    return used() - began


@contextmanager
def held(spark: SparkSession) -> Iterator[dict[str, float]]:
    """MB that the driver holds at most: Python's resident size, and the JVM's heap after a collection."""
    runtime = spark._jvm.java.lang.Runtime.getRuntime()  # type: ignore[union-attr]
    me, done = psutil.Process(), threading.Event()
    most = {"python": 0.0, "jvm": 0.0}

    def look() -> None:
        while not done.wait(0.25):
            most["python"] = max(most["python"], me.memory_info().rss / MB)
            runtime.gc()
            most["jvm"] = max(most["jvm"], (runtime.totalMemory() - runtime.freeMemory()) / MB)

    gc.collect()
    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield most
    finally:
        done.set()
        watcher.join()


def last_stage(spark: SparkSession) -> int:
    """The number of the last stage so far."""
    return max((each.stageId() for each in stage_list(spark)), default=-1)


def stage_list(spark: SparkSession) -> list[Any]:
    """The stages that Spark remembers."""
    store = spark.sparkContext._jsc.sc().statusStore()
    spark.sparkContext._jsc.sc().listenerBus().waitUntilEmpty()
    jvm: Any = spark._jvm
    empty = jvm.java.util.ArrayList()
    found = store.stageList(empty, False, False, spark.sparkContext._gateway.new_array(jvm.double, 0), empty)  # type: ignore[union-attr]
    return [found.apply(i) for i in range(found.size())]


def stages_since(spark: SparkSession, before: int) -> dict[str, float]:
    """The stages after one, shuffled from and to: seconds of the JVM's processor, bytes, and the largest task."""
    store = spark.sparkContext._jsc.sc().statusStore()
    told = {"map": 0.0, "join": 0.0, "shuffled": 0.0, "largest": 0.0, "slowest": 0.0, "tasks": 0.0}
    for each in stage_list(spark):
        if each.stageId() <= before or str(each.status()) != "COMPLETE":
            continue
        told["join" if each.shuffleReadBytes() else "map"] += each.executorCpuTime() / 1e9
        if each.shuffleReadBytes():
            listed = store.taskList(each.stageId(), each.attemptId(), 10_000)
            tasks = [listed.apply(i).taskMetrics().get() for i in range(listed.size())]
            read = [task.shuffleReadMetrics().localBytesRead() for task in tasks]
            took = [task.executorCpuTime() / 1e9 for task in tasks]
            told |= {"largest": float(max(read)), "slowest": max(took), "tasks": float(len(tasks))}
        else:
            told["shuffled"] += each.shuffleWriteBytes()
    return told


def seconds(action: Callable[[], object]) -> float:
    """Wall clock."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def processor(action: Callable[[], object]) -> float:
    """Seconds of the processor, of all threads."""
    began = time.process_time()
    action()
    return time.process_time() - began
