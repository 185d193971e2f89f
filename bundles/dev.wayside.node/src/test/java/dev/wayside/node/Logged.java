// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What this bundle logs while it is open. */
final class Logged extends Handler implements AutoCloseable {
    // Held, since the logging framework holds its loggers weakly.
    private final Logger logger = Logger.getLogger("dev.wayside.node");
    private final List<String> lines = new CopyOnWriteArrayList<>();

    Logged() {
        logger.setUseParentHandlers(false);
        logger.setLevel(Level.ALL);
        logger.addHandler(this);
    }

    /** Level, text and the exceptions' messages. */
    List<String> lines() {
        return List.copyOf(lines);
    }

    List<String> lines(String containing) {
        return lines.stream().filter(line -> line.contains(containing)).toList();
    }

    @Override
    public void publish(LogRecord logged) {
        StringBuilder line = new StringBuilder(logged.getLevel() + " " + logged.getMessage());
        for (Throwable why = logged.getThrown(); why != null; why = why.getCause()) {
            line.append(" | ").append(why);
        }
        lines.add(line.toString());
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        logger.removeHandler(this);
    }
}
