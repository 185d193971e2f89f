// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.model.JsonObject;
import dev.wayside.testing.ManualClock;
import dev.wayside.wire.Backoff;
import dev.wayside.wire.CertificateRequest;
import dev.wayside.wire.EcKeys;
import dev.wayside.wire.HttpResponse;
import dev.wayside.wire.Pem;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RenewalTest {
    private static final URI CONNECTOR = URI.create("https://localhost:8443");

    @TempDir Path temporary;

    private final ManualClock time = new ManualClock();
    private final KeyPair keys = EcKeys.generate();
    private final Instant start = time.instant();
    private TestAuthority authority;
    private GatewayIdentity identity;
    private IdentityFolder folder;
    private int tries;
    private CertificateKeeper.Renewing renewing = any -> List.of();

    @BeforeEach
    void join() throws Exception {
        authority = new TestAuthority(temporary);
        identity = authority.gateway(keys, CONNECTOR, start, start.plus(Duration.ofDays(90)));
        Files.createDirectories(temporary.resolve("identity"));
        folder = new IdentityFolder(temporary.resolve("identity"), new AtomicFiles());
        renewing =
                now ->
                        List.of(
                                certificate(
                                        keys, "system:node:gw-1", "system:nodes", time.instant()));
    }

    @Test
    void renewsFromTwoThirdsOfTheLifetimeOn() throws Exception {
        CertificateKeeper keeper = keeper();
        assertThat(CertificateKeeper.dueAt(identity.certificates().get(0)))
                .isEqualTo(start.plus(Duration.ofDays(60)));

        time.advance(Duration.ofDays(60).minusSeconds(1));
        assertThat(keeper.renewIfDue(identity)).isEmpty();
        assertThat(tries).isZero();

        time.advance(Duration.ofSeconds(1));
        GatewayIdentity renewed = keeper.renewIfDue(identity).orElseThrow();
        assertThat(tries).isOne();
        assertThat(renewed.key()).isEqualTo(identity.key());
        assertThat(renewed.gatewayUid()).isEqualTo(identity.gatewayUid());
        assertThat(renewed.certificates().get(0).getNotAfter().toInstant())
                .isEqualTo(time.instant().plus(Duration.ofDays(90)));
        assertThat(
                        Pem.readCertificate(
                                Files.readString(temporary.resolve("identity/certificate.pem"))))
                .isEqualTo(renewed.certificates().get(0));
        assertThat(keeper.renewIfDue(renewed)).isEmpty();
        assertThat(tries).isOne();
    }

    @Test
    void triesAgainWithGrowingPausesAndKeepsTheOldOne() throws Exception {
        CertificateKeeper keeper = keeper();
        time.advance(Duration.ofDays(60));
        CertificateKeeper.Renewing works = renewing;
        renewing =
                now -> {
                    if (tries % 2 == 0) {
                        throw new RefusedException("not now");
                    }
                    throw new IOException("no connector");
                };

        List<Long> pauses = new ArrayList<>();
        long waited = 0;
        while (tries < 40) {
            int before = tries;
            assertThat(keeper.renewIfDue(identity)).isEmpty();
            if (tries > before) {
                pauses.add(waited);
                waited = 0;
            }
            time.advance(Duration.ofSeconds(1));
            waited++;
        }

        assertThat(pauses.subList(1, pauses.size()))
                .allMatch(it -> it <= 601)
                .anyMatch(it -> it > 120);
        assertThat(pauses.get(1)).isLessThanOrEqualTo(31);
        assertThat(pauses).doesNotHaveDuplicates();
        assertThat(temporary.resolve("identity/certificate.pem")).doesNotExist();
        renewing = works;
        time.advance(Duration.ofMinutes(10));
        assertThat(keeper.renewIfDue(identity)).isPresent();
    }

    @Test
    void doesNotRenewOnAndOnIfTheClockRunsAhead() throws Exception {
        CertificateKeeper keeper = keeper();
        renewing = now -> List.of(certificate(keys, "system:node:gw-1", "system:nodes", start));
        time.set(start.plus(Duration.ofDays(80)));

        GatewayIdentity now = identity;
        for (int second = 0; second < 3_600; second++) {
            now = keeper.renewIfDue(now).orElse(now);
            time.advance(Duration.ofSeconds(1));
        }

        assertThat(tries).isOne();
        time.advance(Duration.ofDays(30));
        assertThat(keeper.renewIfDue(now)).isPresent();
    }

    @Test
    void keepsTheOldOneIfTheNewOneCannotBeSaved() throws Exception {
        CertificateKeeper keeper = keeper();
        time.advance(Duration.ofDays(60));
        Files.delete(temporary.resolve("identity"));

        assertThat(keeper.renewIfDue(identity)).isEmpty();
        assertThat(keeper.renewIfDue(identity)).isEmpty();
        assertThat(tries).isOne();
    }

    @Test
    void renewsAnExpiredCertificateOverTls() throws Exception {
        try (JoinServer server = new JoinServer(temporary)) {
            Instant now = Instant.now();
            GatewayIdentity expired =
                    server.authority.gateway(
                            keys,
                            server.uri(),
                            now.minus(Duration.ofDays(90)),
                            now.minus(Duration.ofDays(1)));
            assertThat(expired.certificates().get(0).getNotAfter().toInstant()).isBefore(now);

            X509Certificate renewed = new Renewal(Instant::now).renew(expired).get(0);

            assertThat(renewed.getPublicKey()).isEqualTo(keys.getPublic());
            assertThat(renewed.getNotAfter().toInstant()).isAfter(now);
            assertThat(server.asked)
                    .allSatisfy(it -> assertThat(it.peer()).contains("system:node:gw-1"))
                    .allSatisfy(it -> assertThat(it.authorization()).isEmpty());

            new Renewal(Instant::now).renew(expired);
            assertThat(server.requestCount()).as("a second try finds the first").isOne();
        }
    }

    @Test
    void renewsAtABootIn1970ByTheFloor() throws Exception {
        try (JoinServer server = new JoinServer(temporary)) {
            Instant now = Instant.now();
            GatewayIdentity old =
                    server.authority.gateway(
                            keys, server.uri(), now.minusSeconds(7200), now.plusSeconds(7200));
            Clock battery = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
            TimeFloor floor = new TimeFloor(temporary.resolve("time-floor"), battery);
            assertThatThrownBy(() -> new Renewal(floor::now).renew(old))
                    .isInstanceOf(IOException.class);
            floor.raise(old.certificates().get(0).getNotBefore().toInstant());

            assertThat(new Renewal(floor::now).renew(old)).isNotEmpty();
        }
    }

    @Test
    void takesNoCertificateThatWouldNotLetItIn() throws Exception {
        X509Certificate good = certificate(keys, "system:node:gw-1", "system:nodes", start);
        assertThat(enrol(good)).containsExactly(good);

        assertRefused(
                certificate(EcKeys.generate(), "system:node:gw-1", "system:nodes", start),
                "another key");
        assertRefused(certificate(keys, "system:node:gw-2", "system:nodes", start), "for another:");
        assertRefused(certificate(keys, "system:node:gw-1", "system:masters", start), "another:");
        assertRefused(certificate(keys, "system:node:gw-1", "", start), "for another:");
        assertRefused(
                new TestAuthority(temporary)
                        .sign(
                                CertificateRequest.pem(keys, "system:node:gw-1", "system:nodes"),
                                start,
                                start.plusSeconds(3600)),
                "not issued by our authority");
        for (String nonsense : List.of("?", "bm8=", "")) {
            assertThatThrownBy(() -> enrol(nonsense)).isInstanceOf(IOException.class);
        }
    }

    private void assertRefused(X509Certificate certificate, String why) {
        assertThatThrownBy(() -> enrol(certificate))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(why);
    }

    private List<X509Certificate> enrol(X509Certificate certificate) throws Exception {
        return enrol(
                Base64.getEncoder()
                        .encodeToString(
                                Pem.certificate(certificate).getBytes(StandardCharsets.US_ASCII)));
    }

    private List<X509Certificate> enrol(String certificate) throws Exception {
        JsonObject answer =
                JsonObject.of("kind", "CertificateSigningRequest")
                        .with("status", JsonObject.of("certificate", certificate));
        return new Enrolment(
                        (method, path, body) -> new HttpResponse(200, Map.of(), answer.toBytes()),
                        Duration.ZERO,
                        Duration.ofMillis(1))
                .certificate("gateway-1", keys, "gw-1", authority.certificate);
    }

    private CertificateKeeper keeper() {
        return new CertificateKeeper(
                now -> {
                    tries++;
                    return renewing.renew(now);
                },
                folder,
                time::instant,
                time::uptime,
                new Backoff(Duration.ofSeconds(30), Duration.ofMinutes(10), new Random(7)));
    }

    private X509Certificate certificate(
            KeyPair of, String commonName, String organization, Instant from) {
        try {
            return authority.sign(
                    CertificateRequest.pem(of, commonName, organization),
                    from,
                    from.plus(Duration.ofDays(90)));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
