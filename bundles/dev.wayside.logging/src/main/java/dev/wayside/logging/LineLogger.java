// SPDX-License-Identifier: Apache-2.0
package dev.wayside.logging;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;

/**
 * Writes {@code TIME LEVEL [thread] logger: message}, then the stack trace if there is one. A line
 * is cut at 8,192 characters and a stack trace at 16,384; line breaks in messages are escaped, so
 * that nobody can forge a line.
 */
final class LineLogger extends LegacyAbstractLogger {
    private static final long serialVersionUID = 1L;
    private static final int MAX_MESSAGE = 8_192;
    private static final int MAX_TRACE = 16_384;

    private final transient LogSink sink;
    private final transient Clock clock;
    private final Level threshold;
    private final String shortName;

    LineLogger(String name, Level threshold, LogSink sink, Clock clock) {
        this.name = name;
        this.threshold = threshold;
        this.sink = sink;
        this.clock = clock;
        this.shortName =
                name.startsWith("dev.wayside.") ? name.substring("dev.wayside.".length()) : name;
    }

    private boolean enabled(Level level) {
        return level.toInt() >= threshold.toInt();
    }

    @Override
    public boolean isTraceEnabled() {
        return enabled(Level.TRACE);
    }

    @Override
    public boolean isDebugEnabled() {
        return enabled(Level.DEBUG);
    }

    @Override
    public boolean isInfoEnabled() {
        return enabled(Level.INFO);
    }

    @Override
    public boolean isWarnEnabled() {
        return enabled(Level.WARN);
    }

    @Override
    public boolean isErrorEnabled() {
        return enabled(Level.ERROR);
    }

    @Override
    protected @Nullable String getFullyQualifiedCallerName() {
        return null;
    }

    @Override
    protected void handleNormalizedLoggingCall(
            Level level,
            @Nullable Marker marker,
            String pattern,
            Object @Nullable [] arguments,
            @Nullable Throwable throwable) {
        String message = MessageFormatter.basicArrayFormat(pattern, arguments);
        StringBuilder line = new StringBuilder(160);
        line.append(Instant.now(clock).truncatedTo(ChronoUnit.MILLIS))
                .append(' ')
                .append(level)
                .append(" [")
                .append(Thread.currentThread().getName())
                .append("] ")
                .append(shortName)
                .append(": ");
        appendEscaped(line, message == null ? "null" : message);
        line.append('\n');
        if (throwable != null) {
            StringWriter trace = new StringWriter();
            throwable.printStackTrace(new PrintWriter(trace, true));
            String text = trace.toString();
            line.append(text, 0, Math.min(text.length(), MAX_TRACE));
            if (line.charAt(line.length() - 1) != '\n') {
                line.append('\n');
            }
        }
        sink.write(line.toString());
    }

    private static void appendEscaped(StringBuilder line, String message) {
        int length = Math.min(message.length(), MAX_MESSAGE);
        for (int i = 0; i < length; i++) {
            char c = message.charAt(i);
            switch (c) {
                case '\n' -> line.append("\\n");
                case '\r' -> line.append("\\r");
                default -> line.append(c < ' ' && c != '\t' ? '?' : c);
            }
        }
        if (length < message.length()) {
            line.append("… (").append(message.length() - length).append(" more)");
        }
    }
}
