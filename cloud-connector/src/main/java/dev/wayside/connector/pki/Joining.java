// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.pki;

import dev.wayside.connector.apiserver.KindRules;
import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.pki.ClientRequest.RefusedException;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.ListQuery;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.Json;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import dev.wayside.wire.Pem;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What happens to CertificateSigningRequests. A newcomer's request uses up its join token, makes
 * its Node and is approved; a gateway's request to renew is approved; any other waits until an
 * operator approves it. What is approved gets its certificate.
 *
 * <p>Each step of a join can be repeated by the same key: the token and the Node remember the key
 * that they were used by and made for. So a cut between two steps costs a repetition, not a token.
 */
public final class Joining implements KindRules {
    private static final Logger LOG = LoggerFactory.getLogger(Joining.class);

    static final String NODE_SIGNER = "kubernetes.io/kube-apiserver-client-kubelet";
    static final String USER_SIGNER = "kubernetes.io/kube-apiserver-client";

    /** On a Node: the hash of the key that joined as it. */
    static final String KEY_ANNOTATION = "wayside.dev/joined-by-key";

    private static final ResourceType REQUESTS = ResourceType.CERTIFICATE_SIGNING_REQUESTS;
    private static final WriteOptions WRITER = WriteOptions.by("wayside-join");

    private final ObjectStore store;
    private final CertificateAuthority authority;
    private final JoinTokens tokens;
    private final PodCidrs podCidrs;
    private final Duration lifetime;
    private final Clock clock;

    // Joins are rare, and two at a time must not get the same subnet.
    private final Object joinLock = new Object();

    /**
     * @param lifetime of the certificates of gateways and users
     */
    public Joining(
            ObjectStore store,
            CertificateAuthority authority,
            JoinTokens tokens,
            PodCidrs podCidrs,
            Duration lifetime,
            Clock clock) {
        this.store = store;
        this.authority = authority;
        this.tokens = tokens;
        this.podCidrs = podCidrs;
        this.lifetime = lifetime;
        this.clock = clock;
    }

    @Override
    public KubeObject creating(User user, KubeObject object, boolean dryRun) {
        requireOwnCredential(user);
        JsonObject spec =
                object.spec()
                        .without("uid")
                        .without("extra")
                        .with("username", user.name())
                        .with("groups", JsonArray.ofStrings(user.groups()));
        KubeObject request = new KubeObject(object.withSpec(spec).json().without("status"));
        String signer = spec.text("signerName");
        ClientRequest asked = read(request);
        try {
            if (user.credential() instanceof User.Credential.JoinToken token) {
                requireNodeSigner(spec);
                join(token.id(), asked.nodeName(), asked.keyHash(), request, dryRun);
            } else if (!user.nodeName().isEmpty()) {
                requireNodeSigner(spec);
                requireOwnName(user, asked.nodeName());
            } else if (signer.equals(NODE_SIGNER)) {
                asked.nodeName();
            } else if (signer.equals(USER_SIGNER)) {
                asked.requireUser();
            }
        } catch (RefusedException e) {
            throw invalid(request, "spec.request", String.valueOf(e.getMessage()));
        }
        return request;
    }

    /**
     * What gateways and newcomers ask for is approved for what they have shown: whoever acts as one
     * has shown something else.
     */
    private static void requireOwnCredential(User user) {
        if (user.credential() instanceof User.Credential.ActedBy && isOfGateway(user.name())) {
            throw new ApiException(
                    Reason.FORBIDDEN,
                    "nobody can ask for a certificate as \""
                            + user.name()
                            + "\" without its own key or token");
        }
    }

    private static boolean isOfGateway(String author) {
        return author.startsWith(User.BOOTSTRAP_PREFIX) || author.startsWith(User.NODE_PREFIX);
    }

    @Override
    public KubeObject written(User user, KubeObject object) {
        if (!object.status().text("certificate").isEmpty()
                || object.conditionIsTrue("Denied")
                || object.conditionIsTrue("Failed")) {
            return object;
        }
        KubeObject request = object;
        String author = request.spec().text("username");
        if (isOfGateway(author) && !request.conditionIsTrue("Approved")) {
            request =
                    store.update(
                            REQUESTS,
                            withCondition(
                                    request,
                                    "Approved",
                                    "AutoApproved",
                                    author.startsWith(User.NODE_PREFIX)
                                            ? "a gateway renews its certificate"
                                            : "a gateway joins by its token"),
                            "approval",
                            WRITER);
        }
        return request.conditionIsTrue("Approved") ? sign(request) : request;
    }

    /** Brings to their end the requests at which an earlier run was cut off. */
    public void resume() {
        for (KubeObject request : store.list(ListQuery.all(REQUESTS)).items()) {
            try {
                written(User.ANONYMOUS, request);
            } catch (ApiException e) {
                LOG.warn("The certificate request {} could not be resumed", request.name(), e);
            }
        }
    }

    private void join(
            String tokenId, String nodeName, String keyHash, KubeObject request, boolean dryRun) {
        if (request.name().isEmpty()) {
            throw invalid(request, "metadata.name", "Required value");
        }
        synchronized (joinLock) {
            Optional<KubeObject> node = store.get(ResourceType.NODES.key("", nodeName));
            String nodeUid = node.map(KubeObject::uid).orElse("");
            tokens.require(tokenId, nodeName, nodeUid, keyHash);
            if (node.isPresent()
                    && !node.get().annotation(KEY_ANNOTATION).orElse("").equals(keyHash)) {
                throw new ApiException(
                        Reason.CONFLICT,
                        "the node \""
                                + nodeName
                                + "\" exists already; if it is gone for good, delete the Node and"
                                + " join again, else choose another name",
                        "",
                        "nodes",
                        nodeName,
                        List.of());
            }
            if (store.get(request.key(REQUESTS)).isPresent()) {
                throw ApiException.alreadyExists(request.key(REQUESTS));
            }
            Optional<String> cidr =
                    node.isPresent()
                            ? Optional.of("")
                            : podCidrs.firstFree(
                                    store.list(ListQuery.all(ResourceType.NODES)).items());
            if (cidr.isEmpty()) {
                throw new ApiException(
                        Reason.FORBIDDEN,
                        "no subnet of "
                                + podCidrs
                                + " is free for another node: delete Nodes that are gone, or start"
                                + " the connector with a larger --cluster-cidr");
            }
            if (dryRun) {
                return;
            }
            JoinToken token = tokens.use(tokenId, nodeName, nodeUid, keyHash, request.name());
            if (node.isEmpty()) {
                nodeUid =
                        store.create(
                                        ResourceType.NODES,
                                        newNode(nodeName, token, cidr.get(), keyHash),
                                        WRITER)
                                .uid();
                LOG.info("Node {} joins by {}, its pods get {}", nodeName, token, cidr.get());
            }
            if (!nodeUid.equals(token.nodeUid())) {
                tokens.noteNode(token, nodeUid);
            }
        }
    }

    private static KubeObject newNode(String name, JoinToken token, String cidr, String keyHash) {
        Map<String, String> labels = new LinkedHashMap<>(token.labels());
        labels.put("kubernetes.io/hostname", name);
        JsonObject spec =
                JsonObject.builder()
                        .put("podCIDR", cidr)
                        .put("podCIDRs", JsonArray.of(Json.of(cidr)))
                        .putUnlessEmpty("taints", token.taints())
                        .build();
        return KubeObject.of(ResourceType.NODES, "", name)
                .withLabels(labels)
                .withAnnotations(Map.of(KEY_ANNOTATION, keyHash))
                .withSpec(spec);
    }

    private KubeObject sign(KubeObject request) {
        JsonObject spec = request.spec();
        String signer = spec.text("signerName");
        if (!signer.equals(NODE_SIGNER) && !signer.equals(USER_SIGNER)) {
            return request;
        }
        X509Certificate certificate;
        try {
            ClientRequest asked = read(request);
            GeneralNames names = null;
            if (signer.equals(NODE_SIGNER)) {
                String uid = nodeUid(asked.nodeName());
                names =
                        new GeneralNames(
                                new GeneralName(
                                        GeneralName.uniformResourceIdentifier,
                                        CertificateAuthenticator.UID_PREFIX + uid));
            } else {
                asked.requireUser();
            }
            certificate =
                    authority.issue(
                            asked.subject(),
                            asked.key(),
                            lifetime(spec),
                            CertificateAuthority.Purpose.CLIENT,
                            names);
        } catch (RefusedException e) {
            return store.update(
                    REQUESTS,
                    withCondition(
                            request,
                            "Failed",
                            "SignerValidationFailure",
                            String.valueOf(e.getMessage())),
                    "status",
                    WRITER);
        }
        String pem = Pem.certificate(certificate);
        JsonObject status =
                request.status()
                        .with(
                                "certificate",
                                Base64.getEncoder()
                                        .encodeToString(pem.getBytes(StandardCharsets.US_ASCII)));
        LOG.info(
                "Issued certificate {} for {}, good until {}",
                certificate.getSerialNumber().toString(16),
                certificate.getSubjectX500Principal(),
                certificate.getNotAfter().toInstant());
        return store.update(REQUESTS, request.withStatus(status), "status", WRITER);
    }

    private String nodeUid(String nodeName) throws RefusedException {
        return store.get(ResourceType.NODES.key("", nodeName))
                .map(KubeObject::uid)
                .orElseThrow(() -> new RefusedException("there is no Node \"" + nodeName + "\""));
    }

    private Duration lifetime(JsonObject spec) {
        long asked = spec.number("expirationSeconds").orElse(Long.MAX_VALUE);
        return asked < lifetime.toSeconds() ? Duration.ofSeconds(Math.max(asked, 600)) : lifetime;
    }

    private KubeObject withCondition(
            KubeObject request, String type, String reason, String message) {
        String now = clock.instant().truncatedTo(ChronoUnit.SECONDS).toString();
        JsonObject condition =
                JsonObject.builder()
                        .put("type", type)
                        .put("status", "True")
                        .put("reason", reason)
                        .put("message", message)
                        .put("lastUpdateTime", now)
                        .put("lastTransitionTime", now)
                        .build();
        return request.withStatus(
                request.status()
                        .with("conditions", request.status().array("conditions").plus(condition)));
    }

    private static void requireNodeSigner(JsonObject spec) throws RefusedException {
        List<String> usages = spec.array("usages").strings();
        if (!spec.text("signerName").equals(NODE_SIGNER)
                || usages.size() != 2
                || !usages.containsAll(List.of("digital signature", "client auth"))) {
            throw new RefusedException(
                    "a gateway asks "
                            + NODE_SIGNER
                            + " for the usages \"digital signature\" and \"client auth\"");
        }
    }

    private static void requireOwnName(User user, String nodeName) throws RefusedException {
        if (!nodeName.equals(user.nodeName())) {
            throw new RefusedException("a gateway can renew nothing but its own certificate");
        }
    }

    private static ClientRequest read(KubeObject request) {
        try {
            return ClientRequest.read(request.spec().text("request"));
        } catch (RefusedException e) {
            throw invalid(request, "spec.request", String.valueOf(e.getMessage()));
        }
    }

    private static ApiException invalid(KubeObject request, String field, String message) {
        return ApiException.invalid(
                "CertificateSigningRequest.certificates.k8s.io",
                request.name(),
                List.of(new ApiException.Cause("FieldValueInvalid", message, field)));
    }
}
