// SPDX-License-Identifier: Apache-2.0
package dev.wayside.logging;

/** Where finished lines go. Safe for any thread; never throws. */
@FunctionalInterface
interface LogSink {
    /**
     * @param text one or more lines, each with its end
     */
    void write(String text);
}
