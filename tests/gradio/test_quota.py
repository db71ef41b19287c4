"""The wordings are those of the ``spaces`` package, releases 0.19 to 0.51."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacebridge import errors
from spacebridge.gradio.failures import error_from_output
from spacebridge.gradio.quota import GpuRefusal, gpu_refusal, gpu_wait
from tests.strategies import many

EXCEEDED = "ZeroGPU quota exceeded"
EXAMPLES = "Try re-running outside of examples if it happened after clicking one"


@pytest.mark.parametrize(
    "title, text, expected",
    [
        # 0.43 to 0.51
        (
            EXCEEDED,
            "You have exceeded your free ZeroGPU quota (60s requested vs. 42s left). Try again in 0:06:53. Subscribe to Hugging Face PRO to get 40 min of ZeroGPU quota a day - https://huggingface.co/subscribe/pro?from=ZeroGPU",
            GpuRefusal("quota", 413.0, 60.0, 42.0),
        ),
        (
            EXCEEDED,
            "You have exceeded your Pro ZeroGPU quota (120s requested vs. -3s left). Try again in 23:14:07. Add credits to keep using ZeroGPU. $1 for 10 minutes of ZeroGPU inference - https://huggingface.co/settings/billing",
            GpuRefusal("quota", 83647.0, 120.0, -3.0),
        ),
        (
            EXCEEDED,
            "You have exceeded your ZeroGPU quota (60s requested vs. 0s left). Try again in 1 day, 2:03:04.567890. ",
            GpuRefusal("quota", 93784.0, 60.0, 0.0),
        ),
        (EXCEEDED, "You have exceeded your ZeroGPU runs limit. ", GpuRefusal("quota")),
        ("ZeroGPU illegal duration", "The requested GPU duration (300s) is larger than the maximum allowed",
         GpuRefusal("duration", requested=300.0)),
        ("ZeroGPU pending credits exceeded", "You have too many ZeroGPU credits allocated to running tasks. Try again once some of those tasks have completed.", GpuRefusal("quota")),
        (EXCEEDED, f"Space app has reached its GPU limit. {EXAMPLES}", GpuRefusal("quota")),
        (EXCEEDED, f"No GPU was available after 60s. {EXAMPLES}", GpuRefusal("busy")),
        ("ZeroGPU queue timeout", "No GPU was available after 60s. Retry later", GpuRefusal("busy")),
        ("ZeroGPU client error", "No GPU was available", GpuRefusal("busy")),
        ("ZeroGPU client error", "Expired ZeroGPU proxy token", GpuRefusal("busy")),
        # 0.32 to 0.42
        (EXCEEDED, "You have exceeded your runs limit. Subscribe to Pro", GpuRefusal("quota")),
        # 0.30, without titles
        ("Error", "You have exceeded your GPU quota (60s requested vs. 59s left). Create a free account to get more usage quota.", GpuRefusal("quota", None, 60.0, 59.0)),
        # 0.28
        ("Error", "You have exceeded your GPU quota (12s left vs. 60s requested). Please retry in 0:29:10",
         GpuRefusal("quota", 1750.0, 60.0, 12.0)),
        ("Error", "You have exceeded your GPU quota (12s left vs. 60s requested). Sign-up on Hugging Face to get more quotas or retry in 1:00:00", GpuRefusal("quota", 3600.0, 60.0, 12.0)),
        ("Error", "The requested GPU duration (300s) is larger than the maximum allowed",
         GpuRefusal("duration", requested=300.0)),
        ("Error", "No GPU is currently available for you after 60s", GpuRefusal("busy")),
        # 0.19
        ("Error", "You have exceeded your GPU quota", GpuRefusal("quota")),
        # What is something else
        ("ZeroGPU worker error", "GPU task aborted", None),
        ("ZeroGPU worker error", "OutOfMemoryError", None),
        ("Error", "Your OpenAI quota is spent. Try again in 0:10:00", None),
        ("Error", "", None),
    ],
)  # fmt: skip
def test_wordings(title: str, text: str, expected: GpuRefusal | None):
    assert gpu_refusal(title, text) == expected


@pytest.mark.parametrize(
    "title, text, expected",
    [
        ("ZeroGPU queue", "Waiting for a GPU to become available", "waiting"),
        ("ZeroGPU queue", "Waiting for a GPU slot on this Space", "waiting"),
        ("ZeroGPU queue", "Successfully acquired a GPU", "acquired"),
        ("", "Waiting for a GPU to become available", "waiting"),  # before 0.32
        ("", "Successfully acquired a GPU", "acquired"),
        ("ZeroGPU queue", "Something new", None),
        ("ZeroGPU duration", "GPU task is exceeding its requested duration and might be aborted", None),
        ("My app", "Waiting for a GPU to become available", None),
        ("", "Hello", None),
    ],
)
def test_notices(title: str, text: str, expected: str | None):
    assert gpu_wait(title, text) == expected


@many
@given(
    st.text(alphabet="GPU quota exceeded your (0123456789s requested vs. left) Try again in :,day", max_size=200),
    st.sampled_from([EXCEEDED, "Error", ""]),
)
def test_nothing_raises(text: str, title: str):
    found = gpu_refusal(title, text)
    assert found is None or found.retry_after is None or found.retry_after >= 0
    gpu_wait(title, text)


def failed(text: str, title: str = EXCEEDED) -> errors.SpacebridgeError:
    return error_from_output(text, title=title, version=(6, 31, 0), asked="/chat of host")


def test_a_quota_becomes_an_error_with_its_numbers():
    error: Any = failed("You have exceeded your free ZeroGPU quota (60s requested vs. 42s left). Try again in 0:06:53.")
    assert type(error) is errors.QuotaExceeded
    assert (error.retry_after, error.requested, error.left) == (413.0, 60.0, 42.0)
    assert "token" in error.hint


def test_a_duration_that_nobody_gets_says_that_waiting_does_not_help():
    error: Any = failed("The requested GPU duration (300s) is larger than the maximum allowed")
    assert type(error) is errors.QuotaExceeded
    assert (error.retry_after, error.requested) == (None, 300.0)
    assert "does not help" in error.hint


def test_no_gpu_in_time_is_no_quota():
    error = failed(f"No GPU was available after 60s. {EXAMPLES}")
    assert type(error) is errors.GpuUnavailable
    assert isinstance(error, errors.AppFailed)
