// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import dev.wayside.api.node.CertificateTime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The saved floor under the clock. It rises to times that somebody else vouches for: the beginning
 * of a certificate that was issued to us, and the clock while a connection is up for which it was
 * found to be within the connector's certificate. So a clock that once ran years ahead leaves no
 * trace, and one that begins in 1970 is known to be wrong. Written at most once a day.
 */
@Component(service = {CertificateTime.class, TimeFloor.class})
@Designate(ocd = TimeFloor.Config.class)
public final class TimeFloor implements CertificateTime {
    @ObjectClassDefinition(name = "Time floor")
    public @interface Config {
        @AttributeDefinition(description = "The floor's file; a relative one is below wayside.data")
        String file() default "time-floor";
    }

    private static final Logger LOG = LoggerFactory.getLogger(TimeFloor.class);
    private static final Duration STEP = Duration.ofDays(1);
    private static final Instant LAST = Instant.parse("9999-12-31T23:59:59Z");

    private final Path file;
    private final Clock clock;
    private final AtomicFiles files;
    // Written under the lock; read without it, on event loops, while a slow disk syncs.
    private volatile Instant floor;
    // Guarded by this.
    private Instant saved;

    @Activate
    public TimeFloor(Config config) {
        this(DataFolder.resolve(config.file()), Clock.systemUTC());
    }

    TimeFloor(Path file, Clock clock) {
        this(file, clock, new AtomicFiles());
    }

    TimeFloor(Path file, Clock clock, AtomicFiles files) {
        this.files = files;
        this.file = file;
        this.clock = clock;
        this.floor = read(file);
        this.saved = floor;
    }

    @Override
    public Instant now() {
        Instant now = clock.instant();
        Instant least = floor;
        return now.isAfter(least) ? now : least;
    }

    /** Raises the floor to a time that was vouched for; saved if it is a day above the last. */
    synchronized void raise(Instant vouched) {
        if (vouched.isAfter(floor)) {
            floor = vouched;
        }
        if (floor.isBefore(saved.plus(STEP))) {
            return;
        }
        saved = floor;
        try {
            files.write(file, floor + "\n");
        } catch (IOException e) {
            LOG.warn("The time floor can't be saved; it holds until the next start", e);
        }
    }

    /**
     * Raises the floor to the clock, while a connection is up.
     *
     * @param most what the clock can say at the most if it has not jumped since the connection was
     *     made, for only then was it held against the connector's certificate
     */
    void connected(Instant most) {
        Instant now = clock.instant();
        raise(now.isBefore(most) ? now : most);
    }

    private static Instant read(Path file) {
        try {
            Instant read =
                    Files.exists(file)
                            ? Instant.parse(Files.readString(file).strip())
                            : Instant.MIN;
            // No certificate is good for longer, so nobody can have vouched for it.
            return read.isAfter(LAST) ? Instant.MIN : read;
        } catch (IOException | DateTimeParseException e) {
            LOG.warn("The time floor can't be read; it begins anew", e);
            return Instant.MIN;
        }
    }
}
