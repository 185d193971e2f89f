// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.gateway;

import dev.wayside.connector.apiserver.RequestInfo;
import dev.wayside.connector.store.ObjectStore.PatchType;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Looks into what a gateway writes, where the path alone does not decide: of its Node only the
 * status and three labels, of pods only the status, events and a Lease only about itself.
 */
final class NodeRestriction {
    private static final Set<String> OWN_LABELS =
            Set.of("kubernetes.io/hostname", "kubernetes.io/os", "kubernetes.io/arch");
    // Identity and preconditions: to name them changes nothing.
    private static final Set<String> NAMING = Set.of("name", "namespace", "uid", "resourceVersion");
    private static final Set<String> EVENT_CHANGES =
            Set.of(
                    "apiVersion",
                    "kind",
                    "metadata",
                    "count",
                    "lastTimestamp",
                    "message",
                    "reason",
                    "type",
                    "series");

    private final BoundObjects bound;

    NodeRestriction(BoundObjects bound) {
        this.bound = bound;
    }

    /** Why the body is not admitted; empty if it is. */
    Optional<String> refusal(
            String node, RequestInfo request, @Nullable PatchType patch, JsonObject body) {
        return switch (request.qualifiedResource()) {
            case "nodes" -> node(node, request, patch, body);
            case "pods" -> pod(request, patch, body);
            case "persistentvolumes" ->
                    deletion(ResourceType.PERSISTENT_VOLUMES.key("", request.name()), body);
            case "events" -> event(node, request, patch, body);
            case "leases.coordination.k8s.io" -> lease(node, request, body);
            // Judged by the rules of that kind.
            case "certificatesigningrequests.certificates.k8s.io" -> Optional.empty();
            // Nothing is written.
            case "selfsubjectaccessreviews.authorization.k8s.io",
                    "selfsubjectrulesreviews.authorization.k8s.io",
                    "selfsubjectreviews.authentication.k8s.io" ->
                    Optional.empty();
            default -> Optional.of("");
        };
    }

    private Optional<String> node(
            String node, RequestInfo request, @Nullable PatchType patch, JsonObject body) {
        if (request.subresource().equals("status")) {
            return patch == null ? Optional.empty() : onlyStatus(body);
        }
        if (patch != null) {
            return nodePatch(body);
        }
        Optional<KubeObject> current = bound.get(ResourceType.NODES.key("", node));
        KubeObject asked = new KubeObject(body);
        // Compared with the object that it will replace: the revision makes sure of that.
        if (current.isEmpty() || !asked.resourceVersion().equals(current.get().resourceVersion())) {
            return Optional.of("a gateway replaces its Node only by its newest resourceVersion");
        }
        return comparable(asked).equals(comparable(current.get()))
                ? Optional.empty()
                : Optional.of(labelsOnly());
    }

    private static JsonObject comparable(KubeObject node) {
        Map<String, String> labels = new java.util.LinkedHashMap<>(node.labels());
        labels.keySet().removeAll(OWN_LABELS);
        return node.withLabels(labels)
                .withoutMetadata("managedFields")
                .json()
                .without("status")
                .without("apiVersion")
                .without("kind");
    }

    private static Optional<String> nodePatch(JsonObject body) {
        boolean fields =
                onlyMembers(body, Set.of("apiVersion", "kind", "metadata"))
                        && onlyMembersOr(body.object("metadata"), NAMING, "labels");
        boolean objects =
                isObjectIfThere(body, "metadata") && isObjectIfThere(body, "metadata", "labels");
        Set<String> labels = new TreeSet<>(body.object("metadata", "labels").members().keySet());
        labels.removeAll(OWN_LABELS);
        return fields && objects && labels.isEmpty() ? Optional.empty() : Optional.of(labelsOnly());
    }

    private static String labelsOnly() {
        return "a gateway changes nothing of its Node but the status and the labels "
                + String.join(", ", new TreeSet<>(OWN_LABELS));
    }

    private Optional<String> pod(RequestInfo request, @Nullable PatchType patch, JsonObject body) {
        if (request.verb().equals("delete")) {
            return deletion(ResourceType.PODS.key(request.namespace(), request.name()), body);
        }
        if (!request.subresource().equals("status")) {
            return Optional.of("a gateway changes nothing of a pod but its status");
        }
        // A PUT of the status leaves the rest as it is.
        return patch == null ? Optional.empty() : onlyStatus(body);
    }

    /** A gateway confirms a deletion that was asked for; it never asks for one. */
    private Optional<String> deletion(ObjectKey key, JsonObject options) {
        String uid = options.text("preconditions", "uid");
        boolean confirms =
                options.number("gracePeriodSeconds").orElse(-1) == 0
                        && !uid.isEmpty()
                        && bound.get(key)
                                .filter(object -> object.uid().equals(uid))
                                .filter(object -> object.deleted().isPresent())
                                .isPresent();
        return confirms
                ? Optional.empty()
                : Optional.of(
                        "a gateway only confirms a deletion that was asked for: with"
                                + " gracePeriodSeconds 0 and the object's uid as a precondition");
    }

    private Optional<String> event(
            String node, RequestInfo request, @Nullable PatchType patch, JsonObject body) {
        if (request.verb().equals("create")) {
            return aboutOwn(node, request.namespace(), body.object("involvedObject"));
        }
        if (patch == null
                || !isObjectIfThere(body, "metadata")
                || !onlyMembers(body, EVENT_CHANGES)
                || !onlyMembers(body.object("metadata"), NAMING)) {
            return Optional.of("a gateway changes nothing of an event but its counts and words");
        }
        ObjectKey key = ResourceType.EVENTS.key(request.namespace(), request.name());
        return bound.get(key)
                .map(
                        event ->
                                aboutOwn(
                                        node,
                                        request.namespace(),
                                        event.json().object("involvedObject")))
                // What is not there gets its 404 from the store.
                .orElse(Optional.empty());
    }

    private Optional<String> aboutOwn(String node, String namespace, JsonObject involved) {
        boolean own =
                switch (involved.text("kind")) {
                    case "Node" ->
                            involved.text("name").equals(node)
                                    && (namespace.equals("default")
                                            || namespace.equals("kube-system"));
                    case "Pod" ->
                            involved.text("namespace").equals(namespace)
                                    && bound.wasPodOn(
                                            node,
                                            ResourceType.PODS.key(namespace, involved.text("name")),
                                            involved.text("uid"));
                    default -> false;
                };
        return own
                ? Optional.empty()
                : Optional.of("a gateway writes events about its Node and its pods only");
    }

    private static Optional<String> lease(String node, RequestInfo request, JsonObject body) {
        boolean own =
                !request.verb().equals("create") || body.text("metadata", "name").equals(node);
        return own
                ? Optional.empty()
                : Optional.of(
                        "can only access the lease in namespace kube-node-lease with the node's"
                                + " name");
    }

    private static Optional<String> onlyStatus(JsonObject body) {
        return isObjectIfThere(body, "metadata")
                        && onlyMembers(body, Set.of("apiVersion", "kind", "metadata", "status"))
                        && onlyMembers(body.object("metadata"), NAMING)
                ? Optional.empty()
                : Optional.of("a gateway changes nothing here but the status");
    }

    /** Absent, or an object: null would remove it. */
    private static boolean isObjectIfThere(JsonObject body, String... path) {
        return body.at(path).stream().allMatch(JsonObject.class::isInstance);
    }

    private static boolean onlyMembers(JsonObject object, Set<String> allowed) {
        return allowed.containsAll(object.members().keySet());
    }

    private static boolean onlyMembersOr(JsonObject object, Set<String> allowed, String another) {
        return object.members().keySet().stream()
                .allMatch(name -> allowed.contains(name) || name.equals(another));
    }
}
