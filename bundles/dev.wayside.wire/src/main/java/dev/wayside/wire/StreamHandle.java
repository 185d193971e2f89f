// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

/** One streamed request under way. Safe for any thread; every method may be called twice. */
public interface StreamHandle {
    /** Lets data come again after {@link StreamListener#onData} returned false. */
    void resume();

    /**
     * Gives it up and tells the server so. The listener hears no more, save for a call that is
     * already under way.
     */
    void cancel();
}
