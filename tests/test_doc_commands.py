"""The reader of documents' command blocks itself."""

from pathlib import Path

from doc_commands import blocks_of, commands_of, run

PAGE = """# Page

```
facedit edit in.mp4 -o out.mp4 --delete very#2 \\
                   --replace "big hall" "small hall"   # it's a comment
# another

facedit doctor
```

Text with `code` and ```inline fences```.

```toml mine.toml
[run]   # stays
```
"""


def test_blocks_have_their_line_their_language_and_their_file(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(PAGE)
    first, second = blocks_of(tmp_path / "page.md")
    assert (first.line, first.language, first.file) == (4, "", "")
    assert (second.language, second.file, second.text) == ("toml", "mine.toml", "[run]   # stays\n")


def test_commands_are_split_as_a_shell_does(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(PAGE)
    assert commands_of(blocks_of(tmp_path / "page.md")[0]) == [
        ["facedit", "edit", "in.mp4", "-o", "out.mp4", "--delete", "very#2", "--replace",
         "big hall", "small hall"],
        ["facedit", "doctor"],
    ]  # fmt: skip


def test_a_command_answers_with_its_status_and_what_it_printed() -> None:
    assert run(["facedit", "--version"]).out.startswith("facedit ")
    wrong = run(["facedit", "train", "nowhere.toml"])
    assert wrong.status == 2
    assert "nowhere.toml" in wrong.err
