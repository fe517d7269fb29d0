import pytest

pytest.register_assert_rewrite("lifecycle", "support")


@pytest.fixture
def anyio_backend():
    return "asyncio"
