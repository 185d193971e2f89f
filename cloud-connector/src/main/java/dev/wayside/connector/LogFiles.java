// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.logging.ConsoleHandler;
import java.util.logging.FileHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Logs to rotated files in the data folder, of 25 MiB together; warnings also to stderr. */
final class LogFiles {
    private static final int FILE_BYTES = 5 * 1024 * 1024;
    private static final int FILES = 5;

    private LogFiles() {}

    static void configure(Path data) throws IOException {
        Path folder = Files.createDirectories(data.resolve("logs"));
        LogManager.getLogManager().reset();
        Logger root = Logger.getLogger("");
        root.setLevel(Level.INFO);
        // In the pattern % and / have a meaning of their own; the folder's name must not.
        String pattern = folder.toString().replace("%", "%%") + "/connector.%g.log";
        root.addHandler(with(new FileHandler(pattern, FILE_BYTES, FILES, true), Level.INFO));
        root.addHandler(with(new ConsoleHandler(), Level.WARNING));
    }

    private static Handler with(Handler handler, Level level) {
        handler.setLevel(level);
        handler.setFormatter(new Line());
        return handler;
    }

    private static final class Line extends Formatter {
        @Override
        public String format(LogRecord record) {
            StringWriter text = new StringWriter();
            String logger = String.valueOf(record.getLoggerName());
            text.append(record.getInstant().toString())
                    .append(' ')
                    .append(word(record.getLevel()))
                    .append(" [")
                    .append(logger.substring(logger.lastIndexOf('.') + 1))
                    .append("] ")
                    // One record, one line: what comes from outside cannot forge another.
                    .append(formatMessage(record).replace("\n", "\\n").replace("\r", "\\r"))
                    .append('\n');
            if (record.getThrown() != null) {
                record.getThrown().printStackTrace(new PrintWriter(text, true));
            }
            return text.toString();
        }

        private static String word(Level level) {
            return level.equals(Level.SEVERE)
                    ? "ERROR"
                    : level.equals(Level.WARNING) ? "WARN" : "INFO";
        }
    }
}
