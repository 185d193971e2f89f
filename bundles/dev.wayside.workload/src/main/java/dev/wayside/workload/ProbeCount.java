// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Counts outcomes in succession. Of one thread. */
final class ProbeCount {
    private final int successes;
    private final int failures;
    private @Nullable Boolean last;
    private int run;

    ProbeCount(int successes, int failures) {
        this.successes = successes;
        this.failures = failures;
    }

    /** Takes one more; says whether that makes it well or not well, or empty if neither. */
    Optional<Boolean> add(boolean success) {
        Boolean before = last;
        run = before != null && before == success ? Math.min(run + 1, Integer.MAX_VALUE - 1) : 1;
        last = success;
        return run >= (success ? successes : failures) ? Optional.of(success) : Optional.empty();
    }
}
