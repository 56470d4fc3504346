"""The verbs as tools, driven by the protocol's own client; no tool opens a socket."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

pytest.importorskip("mcp", reason="the extra mcp is not installed")
pytest.importorskip("skimage")

import anyio
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult

from facedit.media.probe import probe
from sandbox import without_sockets
from talking_clips import make_talking_clips


def answer(found: CallToolResult) -> dict[str, object]:
    assert not found.is_error, found.content
    return json.loads(found.content[0].text)


def test_an_assistant_reads_plans_and_edits_in_its_folder_alone(tmp_path: Path) -> None:
    clips = make_talking_clips(tmp_path, "we fly to the moon")
    shutil.copy(clips["one.mp4"], tmp_path.parent / "outside.mp4")
    told: list[tuple[float, float | None, str | None]] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        told.append((done, total, message))

    async def talk() -> None:
        command = without_sockets(sys.executable, "-m", "facedit", "mcp", str(tmp_path))
        async with Client(
            StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ))
        ) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert set(tools) == {"words", "plan_edit", "edit", "sync", "generate"}
            assert "stays as shot" in (tools["edit"].description or "")

            heard = answer(await client.call_tool("words", {"source": "one.mp4"}))
            assert [word["text"].lower().strip(".,") for word in heard["words"]][-1] == "moon"

            wish = {"source": "one.mp4", "change": {"delete": ["fly"]}}
            assert "fly" in answer(await client.call_tool("plan_edit", wish))["summary"]
            assert not (tmp_path / "out.mp4").exists()
            wish |= {"output": "out.mp4"}
            made = answer(await client.call_tool("edit", wish, progress_callback=progress))
            assert made["outputs"] == [str(tmp_path / "out.mp4")]
            assert probe(tmp_path / "out.mp4").duration_s < probe(clips["one.mp4"]).duration_s
            assert any(message and done for done, _, message in told)

            again = await client.call_tool("edit", wish)
            assert again.is_error
            assert "exists already" in again.content[0].text
            for name in ("../outside.mp4", str(tmp_path.parent / "outside.mp4")):
                refused = await client.call_tool("words", {"source": name})
                assert refused.is_error
                assert "outside of" in refused.content[0].text
            missing = await client.call_tool(
                "edit", wish | {"output": "b.mp4", "change": {"delete": ["sun"]}}
            )
            assert missing.is_error
            assert "'sun'" in missing.content[0].text

    anyio.run(talk)
