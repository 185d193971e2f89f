// SPDX-License-Identifier: Apache-2.0
package dev.wayside.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A program under measurement: started, waited for, weighed, ended. */
final class Measured implements AutoCloseable {
    private static final Duration STOP = Duration.ofSeconds(60);

    /** The kernel counts in hundredths of a second, on every architecture that Java runs on. */
    private static final double MILLIS_PER_TICK = 10;

    private final Process process;
    private final double readyMillis;

    private Measured(Process process, double readyMillis) {
        this.process = process;
        this.readyMillis = readyMillis;
    }

    /** Starts the program and waits until it has made the file. */
    static Measured start(
            List<String> words, Map<String, String> environment, Path ready, Duration within)
            throws IOException, InterruptedException {
        Files.deleteIfExists(ready);
        return start(words, environment, () -> Files.exists(ready), within);
    }

    /** Starts the program and waits until it is ready. */
    static Measured start(
            List<String> words,
            Map<String, String> environment,
            BooleanSupplier ready,
            Duration within)
            throws IOException, InterruptedException {
        Path said = Files.createTempFile("wayside-bench-", ".out");
        ProcessBuilder builder =
                new ProcessBuilder(words)
                        .redirectErrorStream(true)
                        .redirectInput(Path.of("/dev/null").toFile())
                        .redirectOutput(said.toFile());
        builder.environment().putAll(environment);
        long begun = System.nanoTime();
        Process process = builder.start();
        while (!ready.getAsBoolean()) {
            if (System.nanoTime() - begun > within.toNanos() || !process.isAlive()) {
                process.destroyForcibly();
                throw new IllegalStateException(
                        words + " was not ready within " + within + ":\n" + Files.readString(said));
            }
            Thread.sleep(2); // the resolution of the figure
        }
        double millis = (System.nanoTime() - begun) / 1e6;
        Files.delete(said);
        return new Measured(process, millis);
    }

    double readyMillis() {
        return readyMillis;
    }

    /** The program itself. */
    long pid() {
        return process.pid();
    }

    /** The program's JVM: the process itself, or what its script started. */
    long jvm() {
        return Stream.concat(Stream.of(process.toHandle()), process.descendants())
                .filter(handle -> handle.info().command().orElse("").endsWith("/java"))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("the program has no JVM any more"))
                .pid();
    }

    /** Asks the program to end, and makes sure of it. */
    @Override
    public void close() throws InterruptedException {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroy();
        boolean ended = process.waitFor(STOP.toSeconds(), TimeUnit.SECONDS);
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
        if (!ended) {
            throw new IllegalStateException("process " + process.pid() + " had to be killed");
        }
    }

    /** Resident memory in MB (2^20 bytes): {@code VmRSS} of the process table. */
    static double rss(long pid) throws IOException {
        return kilobytes(Path.of("/proc/" + pid + "/status"), "VmRSS:") / 1024.0;
    }

    /**
     * The process's share of resident memory in MB: pages that several processes map count in part.
     */
    static double pss(long pid) throws IOException {
        return kilobytes(Path.of("/proc/" + pid + "/smaps_rollup"), "Pss:") / 1024.0;
    }

    /** How long the processor has worked for the process so far, in ms. */
    static double cpuMillis(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        // The name in parentheses may hold anything.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * MILLIS_PER_TICK;
    }

    /** What is in use of a JVM's heap after a collection, in KB. */
    static double heap(Machine machine, long pid) throws IOException, InterruptedException {
        String jcmd = Path.of(machine.java()).resolveSibling("jcmd").toString();
        String id = Long.toString(pid);
        Machine.run(STOP, Map.of(), List.of(jcmd, id, "GC.run"));
        String said = Machine.run(STOP, Map.of(), List.of(jcmd, id, "GC.class_histogram"));
        Matcher total = Pattern.compile("Total +[0-9]+ +([0-9]+)").matcher(said);
        if (!total.find()) {
            throw new IOException("jcmd gave no total: " + said);
        }
        return Long.parseLong(total.group(1)) / 1024.0;
    }

    private static long kilobytes(Path file, String name) throws IOException {
        for (String line : Files.readAllLines(file)) {
            if (line.startsWith(name)) {
                return Long.parseLong(line.substring(name.length()).replace("kB", "").strip());
            }
        }
        throw new IOException(file + " has no " + name);
    }
}
