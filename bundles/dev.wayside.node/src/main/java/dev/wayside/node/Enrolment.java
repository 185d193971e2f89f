// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonException;
import dev.wayside.model.JsonLimits;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonReader;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.wire.CertificateRequest;
import dev.wayside.wire.HttpResponse;
import dev.wayside.wire.Pem;
import dev.wayside.wire.PemException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Gets a certificate through a CertificateSigningRequest. Every step can be repeated: the request's
 * name follows from the key, so a second try finds what the first has asked. Blocks.
 */
final class Enrolment {
    /** Asks the connector; blocks, with an end. */
    interface Requests {
        /**
         * @throws IOException if there is no answer
         */
        HttpResponse send(String method, String path, JsonObject body)
                throws IOException, InterruptedException;
    }

    private static final String SIGNER = "kubernetes.io/kube-apiserver-client-kubelet";
    private static final ResourceType TYPE = ResourceType.CERTIFICATE_SIGNING_REQUESTS;

    private final Requests requests;
    private final Duration patience;
    private final Duration pause;

    /**
     * @param patience how long to wait for the certificate once it is asked for
     * @param pause between two looks
     */
    Enrolment(Requests requests, Duration patience, Duration pause) {
        this.requests = requests;
        this.patience = patience;
        this.pause = pause;
    }

    /**
     * Asks, if that was not done, and waits.
     *
     * @param name of the request
     * @param authority that has to issue it
     * @throws RefusedException if the connector does not want to
     * @throws IOException if it does not answer, or takes too long: try again
     */
    List<X509Certificate> certificate(
            String name, KeyPair keys, String nodeName, X509Certificate authority)
            throws IOException, RefusedException, InterruptedException {
        HttpResponse answer = requests.send("GET", TYPE.path("", name), JsonObject.EMPTY);
        if (answer.status() != 200) {
            // Not there, or not ours to see before we have asked for it.
            answer = requests.send("POST", TYPE.path(""), request(name, keys, nodeName));
            if (answer.status() == 409 && !reason(answer).equals("AlreadyExists")) {
                throw new RefusedException(message(answer));
            }
            if (answer.status() != 409) {
                require(answer, "the request for a certificate");
            }
        }
        long end = System.nanoTime() + patience.toNanos();
        while (true) {
            answer = requests.send("GET", TYPE.path("", name), JsonObject.EMPTY);
            require(answer, "the question for the certificate");
            KubeObject request = new KubeObject(object(answer));
            Optional<List<X509Certificate>> certificates = issued(request);
            if (certificates.isPresent()) {
                requireOurs(certificates.get().get(0), keys, nodeName, authority);
                return certificates.get();
            }
            if (System.nanoTime() > end) {
                throw new IOException(
                        "no certificate within "
                                + patience.toSeconds()
                                + " s; the request "
                                + name
                                + " waits for approval");
            }
            Thread.sleep(
                    pause.toMillis()); // there is no event to wait for: a newcomer may not watch
        }
    }

    private static Optional<List<X509Certificate>> issued(KubeObject request)
            throws IOException, RefusedException {
        for (String end : List.of("Denied", "Failed")) {
            Optional<JsonObject> condition = request.condition(end);
            if (condition.isPresent()) {
                throw new RefusedException(
                        "the request for a certificate was "
                                + (end.equals("Denied") ? "denied: " : "not carried out: ")
                                + condition.get().text("message"));
            }
        }
        String encoded = request.status().text("certificate");
        if (encoded.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    Pem.readCertificates(
                            new String(
                                    Base64.getDecoder().decode(encoded),
                                    StandardCharsets.US_ASCII)));
        } catch (PemException | IllegalArgumentException e) {
            throw new IOException("the certificate that was issued can't be read", e);
        }
    }

    /** A certificate that does not let us in must not take the place of one that does. */
    private static void requireOurs(
            X509Certificate certificate, KeyPair keys, String nodeName, X509Certificate authority)
            throws IOException {
        if (!certificate.getPublicKey().equals(keys.getPublic())) {
            throw new IOException("the certificate that was issued is for another key");
        }
        String subject = certificate.getSubjectX500Principal().getName();
        // The order of the two is the signer's.
        if (!new HashSet<>(Arrays.asList(subject.split(",", -1)))
                .equals(Set.of("CN=system:node:" + nodeName, "O=system:nodes"))) {
            throw new IOException("the certificate that was issued is for another: " + subject);
        }
        try {
            certificate.verify(authority.getPublicKey());
        } catch (GeneralSecurityException e) {
            throw new IOException("the certificate is not issued by our authority", e);
        }
    }

    private static JsonObject request(String name, KeyPair keys, String nodeName) {
        String pem = CertificateRequest.pem(keys, "system:node:" + nodeName, "system:nodes");
        JsonObject spec =
                JsonObject.of(
                                "request",
                                Base64.getEncoder()
                                        .encodeToString(pem.getBytes(StandardCharsets.US_ASCII)))
                        .with("signerName", SIGNER)
                        .with(
                                "usages",
                                JsonArray.ofStrings(List.of("digital signature", "client auth")));
        return KubeObject.of(TYPE, "", name).withSpec(spec).json();
    }

    /** Passes a success on; tells what to do about anything else. */
    static void require(HttpResponse answer, String what) throws IOException, RefusedException {
        int status = answer.status();
        if (status >= 200 && status < 300) {
            return;
        }
        String text = what + " is answered with " + status + ": " + message(answer);
        if (status >= 400 && status < 500 && status != 408 && status != 429) {
            throw new RefusedException(text);
        }
        throw new IOException(text);
    }

    static JsonObject object(HttpResponse answer) throws IOException {
        try {
            return JsonReader.readObject(
                    answer.body(), JsonLimits.DEFAULT, JsonReader.DuplicateNames.LAST_WINS);
        } catch (JsonException e) {
            throw new IOException("the connector's answer is no JSON", e);
        }
    }

    private static String reason(HttpResponse answer) throws IOException {
        return object(answer).text("reason");
    }

    private static String message(HttpResponse answer) {
        try {
            return object(answer).text("message");
        } catch (IOException e) {
            return "";
        }
    }
}
