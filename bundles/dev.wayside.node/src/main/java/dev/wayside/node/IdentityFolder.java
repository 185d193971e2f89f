// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import dev.wayside.api.node.GatewayIdentity;
import dev.wayside.model.Json;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonObject;
import dev.wayside.wire.EcKeys;
import dev.wayside.wire.Pem;
import dev.wayside.wire.PemException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * The folder with our key and certificate. While joining it has another name: when all is in it, it
 * is renamed, so that there is a whole identity or none.
 *
 * <p>{@code key.pem} and, while joining, {@code request.json}: made first, kept over every further
 * try. {@code certificate.pem}: replaced at each renewal. {@code authority.pem}. {@code
 * identity.json}: name, UID and connector.
 */
final class IdentityFolder {
    private static final String KEY = "key.pem";
    private static final String REQUEST = "request.json";
    private static final String PUBLIC_KEY = "publicKey";
    private static final String CERTIFICATE = "certificate.pem";
    private static final String AUTHORITY = "authority.pem";
    private static final String IDENTITY = "identity.json";

    private final Path folder;
    private final Path joining;
    private final AtomicFiles files;

    /**
     * @param folder need not be there
     */
    IdentityFolder(Path folder, AtomicFiles files) {
        this.files = files;
        this.folder = folder.toAbsolutePath();
        this.joining = this.folder.resolveSibling(this.folder.getFileName() + ".joining");
    }

    boolean joined() {
        return Files.exists(folder.resolve(IDENTITY));
    }

    /**
     * The identity; empty if this gateway has not joined.
     *
     * @throws IOException if it can't be read, or is not whole
     */
    Optional<GatewayIdentity> read() throws IOException {
        if (!joined()) {
            return Optional.empty();
        }
        try {
            JsonObject about = object(folder.resolve(IDENTITY));
            GatewayIdentity identity =
                    new GatewayIdentity(
                            about.text("nodeName"),
                            about.text("gatewayUid"),
                            URI.create(about.text("connector")),
                            Pem.readPrivateKey(text(folder, KEY)),
                            Pem.readCertificates(text(folder, CERTIFICATE)),
                            Pem.readCertificate(text(folder, AUTHORITY)));
            if (identity.nodeName().isEmpty()
                    || identity.gatewayUid().isEmpty()
                    || identity.connector().getHost() == null) {
                throw new IOException("not whole: " + folder.resolve(IDENTITY));
            }
            if (!KeyPairs.belong(identity.key(), identity.certificates().get(0).getPublicKey())) {
                throw new IOException("the key is not the certificate's: " + folder.resolve(KEY));
            }
            return Optional.of(identity);
        } catch (PemException | IllegalArgumentException e) {
            throw new IOException("the identity in " + folder + " can't be read", e);
        }
    }

    /** Puts a renewed certificate into the place of the old one; the key stays. */
    void renew(List<X509Certificate> certificates) throws IOException {
        files.write(folder.resolve(CERTIFICATE), Pem.certificates(certificates));
    }

    /**
     * The key to join with: the one of an earlier try for the same connector and name, if there was
     * one, since the token may have been used up for it.
     *
     * @param aim what is joined, and as what
     */
    KeyPair keyFor(JsonObject aim) throws IOException {
        Path request = joining.resolve(REQUEST);
        Path key = joining.resolve(KEY);
        JsonObject before = Files.exists(request) ? object(request) : JsonObject.EMPTY;
        if (before.without(PUBLIC_KEY).equals(aim)) {
            try {
                return new KeyPair(
                        KeyPairs.decode(before.text(PUBLIC_KEY)),
                        Pem.readPrivateKey(text(joining, KEY)));
            } catch (PemException e) {
                throw new IOException("the key of an earlier try can't be read: " + key, e);
            }
        }
        files.delete(joining);
        files.makeFolder(joining);
        KeyPair made = EcKeys.generate();
        files.write(key, Pem.privateKey(made.getPrivate()));
        files.write(request, aim.with(PUBLIC_KEY, KeyPairs.encode(made.getPublic())).toJson());
        return made;
    }

    /** Ends joining: from here on this is a gateway. */
    void complete(
            String nodeName,
            String gatewayUid,
            URI connector,
            List<X509Certificate> certificates,
            X509Certificate authority)
            throws IOException {
        files.write(joining.resolve(CERTIFICATE), Pem.certificates(certificates));
        files.write(joining.resolve(AUTHORITY), Pem.certificate(authority));
        files.write(
                joining.resolve(IDENTITY),
                JsonObject.of("nodeName", nodeName)
                        .with("gatewayUid", gatewayUid)
                        .with("connector", connector.toString())
                        .toJson());
        files.delete(folder); // what has no identity.json is no identity
        files.rename(joining, folder);
        // Not before: a cut in between would forget whose key this is, and use up the token.
        files.delete(folder.resolve(REQUEST));
    }

    /** Erases it, the key first out of sight. */
    void erase() throws IOException {
        Path leaving = folder.resolveSibling(folder.getFileName() + ".leaving");
        files.delete(leaving);
        if (Files.exists(folder)) {
            files.rename(folder, leaving);
        }
        files.delete(leaving);
        files.delete(joining);
    }

    private static String text(Path in, String name) throws IOException {
        Path file = in.resolve(name);
        if (Files.size(file) > Pem.MAX_LENGTH) {
            throw new IOException("larger than it can be: " + file);
        }
        return Files.readString(file);
    }

    private static JsonObject object(Path file) throws IOException {
        try {
            return Json.parse(Files.readAllBytes(file)) instanceof JsonObject object
                    ? object
                    : JsonObject.EMPTY;
        } catch (JsonException e) {
            throw new IOException("no JSON: " + file, e);
        }
    }
}
