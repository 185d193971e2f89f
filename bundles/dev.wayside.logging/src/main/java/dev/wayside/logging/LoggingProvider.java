// SPDX-License-Identifier: Apache-2.0
package dev.wayside.logging;

import java.nio.file.Path;
import java.time.Clock;
import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.slf4j.ILoggerFactory;
import org.slf4j.IMarkerFactory;
import org.slf4j.Logger;
import org.slf4j.event.Level;
import org.slf4j.helpers.BasicMarkerFactory;
import org.slf4j.helpers.NOPMDCAdapter;
import org.slf4j.spi.MDCAdapter;
import org.slf4j.spi.SLF4JServiceProvider;

/**
 * SLF4J's provider. It lives in a fragment of the SLF4J bundle, so that the ServiceLoader finds it
 * without a mediator. Settings are system properties, because logging is there before any
 * configuration:
 *
 * <ul>
 *   <li>{@code wayside.log.file}: the file; without it lines go to standard error
 *   <li>{@code wayside.log.level}: ERROR, WARN, INFO (default), DEBUG or TRACE, for our loggers;
 *       libraries get WARN, or DEBUG if this is TRACE
 *   <li>{@code wayside.log.bytes}: of one file, default 1 MiB; {@code wayside.log.kept}: older
 *       files, default 4
 * </ul>
 */
public final class LoggingProvider implements SLF4JServiceProvider {
    private final IMarkerFactory markers = new BasicMarkerFactory();
    private final MDCAdapter context = new NOPMDCAdapter();
    private final ConcurrentMap<String, Logger> loggers = new ConcurrentHashMap<>();
    private LogSink sink = System.err::print;
    private Level ours = Level.INFO;

    @Override
    public void initialize() {
        ours = level(System.getProperty("wayside.log.level", "INFO"));
        String file = System.getProperty("wayside.log.file", "");
        if (!file.isEmpty()) {
            sink =
                    new RotatedFiles(
                            Path.of(file),
                            Long.getLong("wayside.log.bytes", 1 << 20),
                            Integer.getInteger("wayside.log.kept", 4));
        }
    }

    @Override
    public ILoggerFactory getLoggerFactory() {
        return name -> loggers.computeIfAbsent(name, this::logger);
    }

    private Logger logger(String name) {
        Level libraries = ours == Level.TRACE ? Level.DEBUG : Level.WARN;
        return new LineLogger(
                name, name.startsWith("dev.wayside.") ? ours : libraries, sink, Clock.systemUTC());
    }

    private static Level level(String word) {
        for (Level level : Level.values()) {
            if (level.name().equals(word.toUpperCase(Locale.ROOT))) {
                return level;
            }
        }
        System.err.println(
                "wayside.log.level is \""
                        + word
                        + "\", not one of ERROR, WARN, INFO, DEBUG, TRACE; taking INFO");
        return Level.INFO;
    }

    @Override
    public IMarkerFactory getMarkerFactory() {
        return markers;
    }

    @Override
    public MDCAdapter getMDCAdapter() {
        return context;
    }

    @Override
    public String getRequestedApiVersion() {
        return "2.0.99";
    }
}
