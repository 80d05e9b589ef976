"""How fast stars are stored."""

from gitstars.supervise.rates import STEPS_KEPT, Rates


def test_the_speed_is_that_of_the_last_ten_seconds() -> None:
    rates = Rates()
    for second in range(20):
        rates.observe(100 * min(second, 10), float(second), 1e9 + second)

    assert rates.per_second == 10.0


def test_before_two_readings_there_is_no_speed() -> None:
    rates = Rates()
    rates.observe(5, 1.0, 1e9)

    assert rates.per_second == 0.0


def test_the_history_has_a_point_every_ten_seconds_and_an_end() -> None:
    rates = Rates()
    for second in range(10 * STEPS_KEPT + 100):
        rates.observe(7 * second, float(second), 1e9 + second)

    assert len(rates.history) == STEPS_KEPT
    assert {speed for _, speed in rates.history} == {7.0}
    assert rates.history[1][0] - rates.history[0][0] == 10
