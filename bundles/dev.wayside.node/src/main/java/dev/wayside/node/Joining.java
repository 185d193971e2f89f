// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import dev.wayside.model.JsonObject;
import dev.wayside.model.ResourceType;
import dev.wayside.wire.ClientTls;
import dev.wayside.wire.EventLoops;
import dev.wayside.wire.HttpResponse;
import dev.wayside.wire.TlsIdentity;
import java.io.IOException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;

/**
 * Makes a device a gateway: a key of its own, a certificate for it by the token, the UID of its
 * Node. May be cut short at any point and begun again; the key stays the same, so that a token that
 * was used up for it still leads to the certificate. Blocks.
 */
final class Joining {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration PAUSE = Duration.ofMillis(300);

    private final IdentityFolder folder;
    private final Supplier<Instant> time;
    private final Duration patience;
    private final Duration pause;

    Joining(IdentityFolder folder, Supplier<Instant> time) {
        this(folder, time, PATIENCE, PAUSE);
    }

    Joining(IdentityFolder folder, Supplier<Instant> time, Duration patience, Duration pause) {
        this.folder = folder;
        this.time = time;
        this.patience = patience;
        this.pause = pause;
    }

    /**
     * @return the Node's UID
     * @throws RefusedException if this device has joined already, or the connector refuses
     * @throws IOException if the connector can't be reached or the disk fails: try again
     */
    String join(JoinOptions options) throws IOException, RefusedException, InterruptedException {
        if (folder.joined()) {
            throw new RefusedException("this device has joined already; 'gateway leave' ends that");
        }
        JsonObject aim =
                JsonObject.of("connector", options.connector().toString())
                        .with("caHash", options.pin().toString())
                        .with("name", options.name());
        KeyPair keys = folder.keyFor(aim);
        try (EventLoops loops = new EventLoops("wayside-node-join", 1)) {
            X509Certificate authority =
                    ShortConnection.wait(
                            options.pin()
                                    .fetch(
                                            options.connector(),
                                            time,
                                            ShortConnection.LIMITS,
                                            loops));
            List<X509Certificate> certificates = enrol(options, keys, authority, loops);
            String uid = nodeUid(options, keys, certificates, authority, loops);
            folder.complete(options.name(), uid, options.connector(), certificates, authority);
            return uid;
        }
    }

    private List<X509Certificate> enrol(
            JoinOptions options, KeyPair keys, X509Certificate authority, EventLoops loops)
            throws IOException, RefusedException, InterruptedException {
        try (ShortConnection connection =
                new ShortConnection(
                        options.connector(),
                        ClientTls.anonymous(authority, time),
                        loops,
                        "Bearer " + options.token())) {
            return new Enrolment(connection, patience, pause)
                    .certificate(requestName(options, keys), keys, options.name(), authority);
        }
    }

    /**
     * The same at each try with this key and this token. With a new token it is another one, since
     * the bearer of a token may not see what was asked with an earlier.
     */
    private static String requestName(JoinOptions options, KeyPair keys) throws IOException {
        String tokenId = options.token().substring(0, options.token().indexOf('.'));
        return "gateway-" + KeyPairs.hash(keys.getPublic(), tokenId);
    }

    private String nodeUid(
            JoinOptions options,
            KeyPair keys,
            List<X509Certificate> certificates,
            X509Certificate authority,
            EventLoops loops)
            throws IOException, RefusedException, InterruptedException {
        TlsIdentity identity = new TlsIdentity(keys.getPrivate(), certificates, authority);
        // A certificate that was made this moment may begin a moment ahead of our clock.
        Instant begins = certificates.get(0).getNotBefore().toInstant();
        Supplier<Instant> later = () -> max(time.get(), begins);
        try (ShortConnection connection =
                new ShortConnection(
                        options.connector(), ClientTls.mutual(identity, later), loops, "")) {
            HttpResponse answer =
                    connection.send(
                            "GET", ResourceType.NODES.path("", options.name()), JsonObject.EMPTY);
            Enrolment.require(answer, "the question for our Node");
            String uid = Enrolment.object(answer).text("metadata", "uid");
            if (uid.isEmpty()) {
                throw new IOException("the connector's Node has no UID");
            }
            return uid;
        }
    }

    private static Instant max(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }
}
