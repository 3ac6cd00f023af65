from __future__ import annotations

import pytest

from tests.house.generated import GENERATED, ROOT


@pytest.mark.parametrize("name", GENERATED)
def test_generated_file_is_up_to_date(name: str) -> None:
    found = (ROOT / name).read_text(encoding="utf-8")
    assert found == GENERATED[name](), f"{name} is not what the code says: run make docs, and read the difference"
