// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.api.state.CacheHealth;
import dev.wayside.api.state.StateException;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import dev.wayside.wire.EcKeys;
import dev.wayside.wire.Pem;
import dev.wayside.wire.PemException;
import java.net.URI;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.h2.mvstore.MVStore;

/** A whole cache on a real file, with a fake connector and a clock that stands still. */
final class CacheRig implements AutoCloseable {
    static final String NODE_UID = "node-uid";
    private static final String CERTIFICATE =
            """
            -----BEGIN CERTIFICATE-----
            MIIBdjCCARugAwIBAgIUP/4IwNr6mkp2MaHjxSEiqwqR1nAwCgYIKoZIzj0EAwIw
            DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjQwMzU3MDJaGA8yMTI2MTAzMTAzNTcw
            MlowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMmL
            vH2foqcw4Lb07mxlfeCArdVf4YTiJr4A/zpGRmPpfILRc7k8f04nuW/pIZ6biiDt
            1jCUX45idyNpRfbmn8GjUzBRMB0GA1UdDgQWBBQTjKErkRgQGERhxrOtymT9b0R3
            GTAfBgNVHSMEGDAWgBQTjKErkRgQGERhxrOtymT9b0R3GTAPBgNVHRMBAf8EBTAD
            AQH/MAoGCCqGSM49BAMCA0kAMEYCIQDqRn7AQf0H2htwNdFzLslV+OQlxjLeJNAL
            bvwZHGX7agIhAK84DVQ7ctf/1NJEyi6vezXLmVW+pJxY/DPy6UsNJY8x
            -----END CERTIFICATE-----
            """;

    final FakeConnector connector;
    final ManualLoop loop = new ManualLoop();
    final StateStore store;
    final StoredState desired;
    final DurableOutbox outbox;
    final Doubts doubts;
    final Uplink uplink;
    final List<String> told = new ArrayList<>();
    private final OutboxSender sender;

    CacheRig(Path folder, FakeConnector connector) {
        this.connector = connector;
        Random random = new Random(1);
        store =
                new StateStore(
                        new StateFile(
                                folder.resolve("state.mv").toString(),
                                1 << 20,
                                Clock.systemUTC(),
                                MVStore::sync),
                        Duration.ZERO);
        desired = new StoredState(store, loop);
        outbox = new DurableOutbox(store, Clock.systemUTC());
        doubts = new Doubts(store::trouble);
        sender = new OutboxSender(store, loop, new Couriers(store, "gw"), random);
        uplink = new Uplink(store, loop, doubts, sender, connector, random, identity("gw"));
        store.onSynced(
                keys -> {
                    desired.synced(keys);
                    loop.execute(() -> uplink.synced(keys));
                });
        store.open();
        desired.watch(ResourceType.PODS, key -> told.add(key.name()));
        loop.execute(
                () -> {
                    sender.start();
                    uplink.start();
                });
    }

    static GatewayIdentity identity(String name) {
        return new GatewayIdentity(
                name,
                NODE_UID,
                URI.create("https://connector:8443"),
                EcKeys.generate().getPrivate(),
                List.of(certificate()),
                certificate());
    }

    /** Nobody looks into it. */
    private static X509Certificate certificate() {
        try {
            return Pem.readCertificate(CERTIFICATE);
        } catch (PemException e) {
            throw new AssertionError(e);
        }
    }

    /** Runs until nothing is due and nothing waits for the disk. */
    CacheRig settle() throws StateException {
        do {
            loop.run();
            store.write(edit -> {});
        } while (loop.run() > 0);
        return this;
    }

    CacheRig pass(Duration time) throws StateException {
        Duration until = loop.now().plus(time);
        do {
            settle();
        } while (loop.stepTo(until));
        return settle();
    }

    boolean has(ResourceType type, String name) {
        return desired.get(type.key("default", name)).isPresent();
    }

    boolean hasPod(String name) {
        return has(ResourceType.PODS, name);
    }

    ObjectKey pod(String name) {
        return ResourceType.PODS.key("default", name);
    }

    String doubt() {
        return doubts.doubt().map(CacheHealth.Doubt::reason).orElse("");
    }

    @Override
    public void close() {
        loop.execute(uplink::stop);
        loop.run();
        store.close();
    }
}
