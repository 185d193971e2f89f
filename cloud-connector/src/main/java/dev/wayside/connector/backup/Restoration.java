// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.backup;

import dev.wayside.connector.store.DurableFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Puts restored folders in the place of what a data folder has, all or none. They are made whole
 * and synced below {@code restore/new}; the file {@code restore/commit}, which comes by one rename,
 * is the point of no return. After it every step can be repeated: whoever comes next, another
 * attempt or the connector's start, moves the rest. What was there before is put aside, not erased.
 *
 * <p>The caller holds the data folder.
 */
public final class Restoration {
    private static final List<String> PARTS = List.of("store", "pki");

    /** Is told of each step that is done, and may throw; so tests stop it there. */
    interface Steps {
        void done(String step) throws IOException;
    }

    private final Path data;
    private final Path work;
    private final Path fresh;
    private final Path commit;
    private final Steps steps;

    Restoration(Path data, Steps steps) {
        this.data = data;
        this.work = data.resolve("restore");
        this.fresh = work.resolve("new");
        this.commit = work.resolve("commit");
        this.steps = steps;
    }

    /** Brings to its end, or forgets, what an earlier process was cut off at. */
    public static void settle(Path data) throws IOException {
        new Restoration(data, step -> {}).settle();
    }

    void settle() throws IOException {
        if (Files.exists(commit)) {
            finish();
        } else if (Files.exists(work)) {
            erase(work);
        }
    }

    /**
     * An empty folder to restore into.
     *
     * @param part {@code store} or {@code pki}
     */
    Path begin(String part) throws IOException {
        return Files.createDirectories(fresh.resolve(part));
    }

    /**
     * Puts what was begun in place.
     *
     * @param aside the name of the folder for what was there
     */
    void commit(String aside) throws IOException {
        try (Stream<Path> all = Files.walk(fresh)) {
            for (Path each : all.toList()) {
                sync(each);
            }
        }
        sync(work);
        sync(data);
        steps.done("made");
        DurableFile.write(commit, aside);
        steps.done("committed");
        finish();
    }

    private void finish() throws IOException {
        Path aside = data.resolve(Files.readString(commit).strip());
        Files.createDirectories(aside);
        sync(data);
        for (String part : PARTS) {
            Path next = fresh.resolve(part);
            Path there = data.resolve(part);
            if (!Files.exists(next)) {
                continue; // in place already
            }
            if (Files.exists(there)) {
                move(there, aside.resolve(part));
                steps.done(part + " aside");
            }
            move(next, there);
            steps.done(part + " in place");
        }
        Files.delete(commit);
        sync(work);
        steps.done("settled");
        erase(work);
    }

    private static void move(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        sync(parent(to));
        sync(parent(from));
    }

    private static Path parent(Path path) throws IOException {
        Path parent = path.toAbsolutePath().getParent();
        if (parent == null) {
            throw new IOException(path + " is in no folder");
        }
        return parent;
    }

    private static void sync(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static void erase(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
