// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wayside.api.driver.SandboxRequest;
import dev.wayside.api.node.AgentProgress;
import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.model.JsonObject;
import dev.wayside.testing.FakeContainerDriver;
import dev.wayside.testing.ManualClock;
import dev.wayside.wire.CertificateRequest;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;

class GatewayMembershipTest {
    private static final URI CONNECTOR = URI.create("https://localhost:8443");

    @TempDir Path data;

    private final ManualClock time = new ManualClock();
    private final List<String> happened = new ArrayList<>();
    private final List<GatewayIdentity> registered = new ArrayList<>();
    private final FakeContainerDriver.Engine engine =
            new FakeContainerDriver.Engine(Clock.systemUTC());
    private final FakeContainerDriver driver =
            new FakeContainerDriver(engine, "fake", TestAuthority.UID);
    private TestAuthority authority;
    private KeyPair keys;
    private CertificateKeeper.Renewing renewing =
            any -> {
                throw new IOException("no connector");
            };
    private TimeFloor floor;

    @BeforeEach
    void prepare() throws Exception {
        authority = new TestAuthority(Files.createDirectories(data.resolve("authority")));
        floor = new TimeFloor(data.resolve("time-floor"), time);
        engine.hook(
                (call, effective) -> {
                    if (effective && call.startsWith("removePod")) {
                        happened.add("pod removed");
                    }
                });
    }

    @Test
    void waitsUntilThereIsAnIdentityAndRegistersItOnce() throws Exception {
        GatewayMembership membership = membership();
        membership.join();
        membership.look();
        assertThat(registered).isEmpty();

        join();
        membership.look();
        membership.look();

        assertThat(registered)
                .singleElement()
                .satisfies(it -> assertThat(it.nodeName()).isEqualTo("gw-1"));
        assertThat(happened).containsExactly("registered");
    }

    @Test
    void raisesTheFloorToTheBeginningOfItsCertificate() throws Exception {
        join();
        Instant begin = time.instant();
        time.set(Instant.EPOCH);

        membership().join();

        assertThat(floor.now()).isEqualTo(begin);
        assertThat(new TimeFloor(data.resolve("time-floor"), time).now()).isEqualTo(begin);
    }

    @Test
    void hasTheRenewedIdentityThereBeforeTheOldOneGoes() throws Exception {
        join();
        GatewayMembership membership = membership();
        membership.join();
        time.advance(Duration.ofDays(61));
        renewing = now -> List.of(certificate());

        membership.look();

        assertThat(happened).containsExactly("registered", "registered", "unregistered");
        assertThat(registered.get(1).certificates()).isNotEqualTo(registered.get(0).certificates());
        membership.stop();
        assertThat(happened).last().isEqualTo("unregistered");
    }

    @Test
    void goesOnWithTheOldIdentityIfItCannotRenew() throws Exception {
        join();
        GatewayMembership membership = membership();
        membership.join();
        time.advance(Duration.ofDays(100));

        membership.look();

        assertThat(happened).containsExactly("registered");
    }

    @Test
    void leavesWithTheAgentFirstThenThePodsThenTheKeyThenTheRuntime() throws Exception {
        join();
        pod();
        GatewayMembership membership = membership();
        membership.join();
        membership.drivers = List.of(driver);
        membership.agent = agent();
        leaving().request();

        membership.look();
        assertThat(happened).as("before the drivers had their time").containsExactly("registered");
        time.advance(Duration.ofSeconds(5));
        membership.look();

        assertThat(happened)
                .containsExactly(
                        "registered",
                        "agent stopped, transiently: true",
                        "pod removed",
                        "unregistered",
                        "exit");
        assertThat(engine.snapshot()).isEmpty();
        assertThat(data.resolve("identity")).doesNotExist();
        assertThat(data.resolve("state")).doesNotExist();
        assertThat(leaving().requested()).isFalse();
    }

    @Test
    void keepsTheKeyUntilTheLastPodIsGone() throws Exception {
        join();
        pod();
        GatewayMembership membership = membership();
        membership.join();
        membership.drivers = List.of(driver);
        leaving().request();
        time.advance(Duration.ofSeconds(5));
        engine.down(true);

        membership.look();
        membership.look();
        assertThat(happened).containsExactly("registered");
        assertThat(data.resolve("identity/key.pem")).exists();

        engine.down(false);
        membership.look();
        assertThat(happened).containsExactly("registered", "pod removed", "unregistered", "exit");
        assertThat(data.resolve("identity")).doesNotExist();
    }

    @Test
    void waitsForADriverHalfAMinuteBeforeItLeavesWithoutOne() throws Exception {
        join();
        GatewayMembership membership = membership();
        membership.join();
        leaving().request();

        time.advance(Duration.ofSeconds(29));
        membership.look();
        assertThat(happened).containsExactly("registered");

        time.advance(Duration.ofSeconds(1));
        membership.look();
        assertThat(happened).containsExactly("registered", "unregistered", "exit");
    }

    @Test
    void endsAtItsNextStartWhatWasCutShortAfterTheKeyWasErased() throws Exception {
        join();
        leaving().request();
        Files.move(data.resolve("identity"), data.resolve("identity.leaving"));

        membership().join();

        assertThat(happened).containsExactly("exit");
        assertThat(data.resolve("identity.leaving")).doesNotExist();
        assertThat(leaving().requested()).isFalse();
    }

    @Test
    void startsAndStopsAlsoWhenItEndsALeaveThatWasCutShort() throws Exception {
        leaving().request();
        GatewayMembership membership = membership();

        membership.start();
        membership.stop();

        assertThat(happened).containsExactly("exit");
    }

    @Test
    void logsWhoItIsButNothingOfTheKey() throws Exception {
        join();
        String key = Files.readString(data.resolve("identity/key.pem")).split("\n")[1];
        try (Logged logged = new Logged()) {
            GatewayMembership membership = membership();
            membership.join();
            time.advance(Duration.ofDays(61));
            membership.look();
            Files.writeString(data.resolve("identity/key.pem"), key);
            membership().join();

            assertThat(logged.lines("This is gateway gw-1")).hasSize(1);
            assertThat(logged.lines("can't be renewed")).hasSize(1);
            assertThat(logged.lines("can't be read")).hasSize(1);
            assertThat(logged.lines()).noneMatch(line -> line.contains(key.substring(0, 20)));
        }
    }

    @Test
    void neverRegistersASpoiltIdentityAndLeavesItWhenAsked() throws Exception {
        join();
        Files.writeString(data.resolve("identity/certificate.pem"), "?");
        GatewayMembership membership = membership();
        membership.join();
        membership.look();
        leaving().request();
        membership.look();
        assertThat(happened).as("it may be readable in a moment").isEmpty();

        time.advance(Duration.ofSeconds(30));
        membership.look();

        assertThat(happened).containsExactly("exit");
        assertThat(data.resolve("identity")).doesNotExist();
    }

    private GatewayMembership membership() {
        return new GatewayMembership(
                context(),
                floor,
                data,
                data.resolve("identity"),
                List.of(data.resolve("state")),
                now -> renewing.renew(now),
                time::uptime,
                () -> happened.add("exit"));
    }

    private void join() throws Exception {
        Files.createDirectories(data.resolve("state"));
        IdentityFolder folder = new IdentityFolder(data.resolve("identity"), new AtomicFiles());
        keys = folder.keyFor(JsonObject.of("name", "gw-1"));
        folder.complete(
                "gw-1",
                TestAuthority.UID,
                CONNECTOR,
                List.of(certificate()),
                authority.certificate);
    }

    private X509Certificate certificate() {
        try {
            return authority.sign(
                    CertificateRequest.pem(keys, "system:node:gw-1", "system:nodes"),
                    time.instant(),
                    time.instant().plus(Duration.ofDays(90)));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private void pod() throws Exception {
        driver.ensureSandbox(
                new SandboxRequest("pod-1", "default", "web", "", false, "", List.of()));
    }

    private Leaving leaving() {
        AtomicFiles files = new AtomicFiles();
        return new Leaving(
                data, new IdentityFolder(data.resolve("identity"), files), List.of(), files);
    }

    private BundleContext context() {
        return fake(
                BundleContext.class,
                call -> {
                    assertThat(call.name()).isEqualTo("registerService");
                    happened.add("registered");
                    registered.add((GatewayIdentity) call.arguments()[1]);
                    return fake(
                            ServiceRegistration.class,
                            of -> {
                                assertThat(of.name()).isEqualTo("unregister");
                                happened.add("unregistered");
                                return "";
                            });
                });
    }

    @SuppressWarnings("unchecked") // a reference to a service that nobody gets
    private ServiceReference<AgentProgress> agent() {
        Bundle bundle =
                fake(
                        Bundle.class,
                        call -> {
                            boolean transiently = call.arguments()[0].equals(Bundle.STOP_TRANSIENT);
                            happened.add("agent stopped, transiently: " + transiently);
                            return "";
                        });
        return fake(ServiceReference.class, call -> bundle);
    }

    private record Call(String name, Object[] arguments) {}

    /** The framework's interfaces have dozens of methods, of which one each is called. */
    private static <T> T fake(Class<T> type, Function<Call, Object> answer) {
        return type.cast(
                Proxy.newProxyInstance(
                        type.getClassLoader(),
                        new Class<?>[] {type},
                        (proxy, method, arguments) -> {
                            Object given = answer.apply(new Call(method.getName(), arguments));
                            return method.getReturnType() == void.class ? null : given;
                        }));
    }
}
