// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.account;

import dev.wayside.connector.store.DurableFile;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.wire.EcKeys;
import dev.wayside.wire.Pem;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys of service accounts' tokens: one that signs, and those before it as long as a token of
 * theirs may still be good. A key that has signed for {@link #SIGNS_FOR} makes way for a new one;
 * nobody has to do anything for that. Safe for any thread.
 */
public final class SigningKeys {
    static final Duration SIGNS_FOR = Duration.ofDays(90);

    /** The longest life of a token, and some for clocks that differ. */
    static final Duration GRACE = TokenRequests.MOST.plusHours(1);

    private static final Logger LOG = LoggerFactory.getLogger(SigningKeys.class);
    private static final String FILE = "service-account.key";

    /** In seconds since 1970, until when it is accepted. */
    private static final Pattern RETIRED =
            Pattern.compile("service-account-until-(\\d{1,12})\\.key");

    private static final Set<PosixFilePermission> OWNER_ONLY =
            PosixFilePermissions.fromString("rw-------");

    private final Path folder;
    private final Clock clock;
    private volatile State state;

    private record Retired(SigningKey key, Instant until, Path file) {}

    private record State(SigningKey current, List<Retired> retired) {}

    private SigningKeys(Path folder, Clock clock, State state) {
        this.folder = folder;
        this.clock = clock;
        this.state = state;
    }

    /**
     * The keys of the folder; one is made if there is none.
     *
     * @throws IOException if they cannot be read or written
     */
    public static SigningKeys open(Path folder, Clock clock) throws IOException {
        Path file = folder.resolve(FILE);
        if (!Files.exists(file)) {
            make(file, clock.instant());
        }
        SigningKeys keys = new SigningKeys(folder, clock, new State(read(file), retired(folder)));
        keys.renewIfDue();
        return keys;
    }

    /**
     * Begins to sign with a new key if the one that signs is old, and forgets those that no good
     * token is signed by.
     */
    public synchronized void renewIfDue() throws IOException {
        Path file = folder.resolve(FILE);
        Instant now = clock.instant();
        SigningKey current = state.current();
        List<Retired> retired = new ArrayList<>(state.retired());
        if (Files.getLastModifiedTime(file).toInstant().plus(SIGNS_FOR).isBefore(now)) {
            Instant until = Instant.ofEpochSecond(now.plus(GRACE).getEpochSecond());
            Path old = folder.resolve("service-account-until-" + until.getEpochSecond() + ".key");
            // First the old under its new name: whatever happens then, its tokens are good.
            DurableFile.writePrivate(old, Files.readString(file));
            make(file, now);
            retired.add(new Retired(current, until, old));
            current = read(file);
            LOG.info("Tokens are signed by a new key; those of the old one are good to their end");
        }
        for (Retired one : List.copyOf(retired)) {
            if (!now.isBefore(one.until())) {
                retired.remove(one);
                Files.deleteIfExists(one.file());
            }
        }
        state = new State(current, List.copyOf(retired));
    }

    /** By which tokens are signed. */
    SigningKey current() {
        return state.current();
    }

    /** The key of this id, if its tokens are accepted. */
    Optional<SigningKey> accepted(String id) {
        State now = state;
        if (now.current().id().equals(id)) {
            return Optional.of(now.current());
        }
        return now.retired().stream()
                .filter(one -> clock.instant().isBefore(one.until()))
                .map(Retired::key)
                .filter(key -> key.id().equals(id))
                .findFirst();
    }

    /** The public halves, as JSON Web Keys. */
    JsonArray publicKeys() {
        State now = state;
        List<Json> all = new ArrayList<>(List.of(now.current().publicKey()));
        now.retired().forEach(one -> all.add(one.key().publicKey()));
        return new JsonArray(all);
    }

    private static void make(Path file, Instant now) throws IOException {
        KeyPair made = EcKeys.generate();
        DurableFile.writePrivate(file, Pem.privateKey(made.getPrivate()));
        Files.setLastModifiedTime(file, FileTime.from(now));
    }

    private static List<Retired> retired(Path folder) throws IOException {
        List<Retired> found = new ArrayList<>();
        try (DirectoryStream<Path> files =
                Files.newDirectoryStream(folder, "service-account-until-*.key")) {
            for (Path file : files) {
                Matcher name = RETIRED.matcher(String.valueOf(file.getFileName()));
                if (name.matches()) {
                    Instant until = Instant.ofEpochSecond(Long.parseLong(name.group(1)));
                    found.add(new Retired(read(file), until, file));
                }
            }
        }
        return found;
    }

    private static SigningKey read(Path file) throws IOException {
        if (!Files.getPosixFilePermissions(file).equals(OWNER_ONLY)) {
            LOG.warn("{} could be read by others than its owner; that is taken back", file);
            Files.setPosixFilePermissions(file, OWNER_ONLY);
        }
        return SigningKey.read(file);
    }
}
