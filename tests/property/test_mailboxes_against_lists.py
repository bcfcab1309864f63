"""Mailboxes against plain lists: whatever comes and whenever it is read, nothing is lost that is not counted."""

from hypothesis import given
from hypothesis import strategies as st

from tidings.session.mailboxes import Newest, Queue

# None: read one, if there is one; a number: news of that key.
STEPS = st.lists(st.none() | st.integers(0, 5), max_size=60)


@given(STEPS, st.integers(1, 8))
def test_a_queue_gives_the_last_that_fit_in_order(steps, most):
    queue, waiting, lost = Queue(most), [], 0
    for number, step in enumerate(steps):
        if step is not None:
            queue.put((step, number))
            waiting.append((step, number))
            if len(waiting) > most:
                lost += 1
                waiting.pop(0)
        elif waiting:
            assert queue.take() == waiting.pop(0)
        assert (len(queue), queue.dropped_count, queue.conflated_count) == (len(waiting), lost, 0)


@given(STEPS, st.integers(1, 8))
def test_the_newest_of_each_key_comes_in_the_turn_of_its_first(steps, most):
    newest, waiting, lost, replaced = Newest(lambda news: news[0], most), [], 0, 0
    for number, step in enumerate(steps):
        if step is not None:
            newest.put((step, number))
            place = next((place for place, news in enumerate(waiting) if news[0] == step), None)
            if place is not None:
                waiting[place] = (step, number)
                replaced += 1
            else:
                waiting.append((step, number))
                if len(waiting) > most:
                    lost += 1
                    waiting.pop(0)
        elif waiting:
            assert newest.take() == waiting.pop(0)
        assert (len(newest), newest.dropped_count, newest.conflated_count) == (len(waiting), lost, replaced)
