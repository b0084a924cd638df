"""What the looks at a player's picture tell: when it came, how far it was behind the camera, whether it stood still."""

import statistics

from clock_camera import FRAME_MS, LOOP_FRAMES, LOOP_MS

STANDS_STILL_MS = 600  # of one picture: more than a busy machine alone makes
LATE_MS = 5_000  # a program or a browser starts in less
JUMP_FRAMES = 13  # half a second that was not shown


class Shown:
    """In: what play() gave, the camera's epoch (ms since 1970), and whether the last picture is that of the end, which stays."""

    def __init__(self, played, epoch, ends=False):
        seen = played["seen"]
        self.looks = len(seen)
        if not seen:
            return
        self.numbers = [seen[0][1]]  # as they came, the loop of the film unrolled
        for _, number in seen[1:]:
            step = (number - self.numbers[-1] + LOOP_FRAMES // 2) % LOOP_FRAMES - LOOP_FRAMES // 2
            self.numbers.append(self.numbers[-1] + step)
        self.first, self.last = self.numbers[0], self.numbers[-1]
        self.after_ms = seen[0][0] - played["began"]
        settled = seen[len(seen) // 3:]
        self.behind_ms = statistics.median((at - epoch - number * FRAME_MS) % LOOP_MS for at, number in settled)
        self.stills = list(stills(seen if ends else [*seen, (seen[-1][0], None)]))
        steps = [later - earlier for earlier, later in zip(self.numbers, self.numbers[1:])]
        self.jumps = [step for step in steps if abs(step) > JUMP_FRAMES]

    def flow(self):
        """In words: whether it went on without a stop and without a jump."""
        words = [f"first picture after {self.after_ms / 1000:.1f} s"] if self.after_ms > LATE_MS else []
        words += [f"stood still {len(self.stills)} x, {sum(self.stills) / 1000:.1f} s"] if self.stills else []
        words += [f"jumped {len(self.jumps)} x, {sum(self.jumps) * FRAME_MS / 1000:+.1f} s"] if self.jumps else []
        return "; ".join(words) or "smooth"


def stills(seen):
    """How long each picture was shown that was shown for too long, in ms; without the last one."""
    since, shown = seen[0]
    for at, number in seen[1:]:
        if number != shown:
            if at - since > STANDS_STILL_MS:
                yield at - since
            since, shown = at, number
