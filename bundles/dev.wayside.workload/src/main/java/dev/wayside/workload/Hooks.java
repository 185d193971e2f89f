// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs life cycle hooks, in the thread that asks. */
final class Hooks {
    /** A hook that has no other bound; its container does not count as started meanwhile. */
    static final Duration LONGEST = Duration.ofHours(1);

    private final ExecChecks commands;
    private final Checks others;

    Hooks(ExecChecks commands, Checks others) {
        this.commands = commands;
        this.others = others;
    }

    /** Blocks until it is done, or its time is up, or the thread is interrupted. */
    Outcome run(Checks.Where where, Handler handler, Duration timeout) {
        if (handler instanceof Handler.Exec exec) {
            return commands.runNow(where, exec.command(), timeout);
        }
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        others.run(where, handler, timeout, outcome::complete);
        try {
            return outcome.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Outcome.unknown("it was broken off");
        } catch (TimeoutException e) {
            return Outcome.failure("it took longer than " + timeout.toSeconds() + "s");
        } catch (ExecutionException e) {
            return Outcome.unknown(String.valueOf(e.getMessage()));
        }
    }
}
