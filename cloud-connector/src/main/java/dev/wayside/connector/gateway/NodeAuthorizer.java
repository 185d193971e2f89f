// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.gateway;

import dev.wayside.connector.apiserver.ApiStatus;
import dev.wayside.connector.apiserver.Authorizer;
import dev.wayside.connector.apiserver.RequestInfo;
import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ObjectStore.PatchType;
import dev.wayside.model.Json;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.LocalVolumes;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a gateway may: see its Node, the pods bound to it, the ConfigMaps, Secrets and claims that
 * those name, and the volumes that are on it; write their status, its Lease and events about them;
 * renew its certificate. Judges requests of gateways only: of anyone else's it knows nothing and
 * denies them.
 */
public final class NodeAuthorizer implements Authorizer {
    private static final Set<String> READ = Set.of("get", "list", "watch");
    private static final Set<String> DESCRIPTIONS =
            Set.of("api", "apis", "openapi", "version", "healthz", "livez", "readyz");
    private static final Set<String> CHANGE = Set.of("update", "patch");
    private static final String NO_RELATION = "no relationship found between node '";

    private final BoundObjects bound;
    private final NodeRestriction restriction;

    public NodeAuthorizer(BoundObjects bound) {
        this.bound = bound;
        this.restriction = new NodeRestriction(bound);
    }

    @Override
    public Decision authorize(User user, RequestInfo request) {
        String node = user.nodeName();
        if (node.isEmpty()) {
            return Decision.deny("");
        }
        if (!request.resourceRequest()) {
            return when(request.verb().equals("get") && describesTheApi(request.path()), "");
        }
        return switch (request.qualifiedResource()) {
            case "nodes" -> nodes(node, request);
            case "pods" -> pods(node, request);
            case "configmaps", "secrets", "persistentvolumeclaims" -> named(node, request);
            case "persistentvolumes" -> volumes(node, request);
            case "events" ->
                    when(
                            request.subresource().isEmpty()
                                    && (request.verb().equals("create")
                                            || request.verb().equals("patch")),
                            "");
            case "leases.coordination.k8s.io" -> leases(node, request);
            case "namespaces" ->
                    when(
                            request.verb().equals("get")
                                    && request.name().equals("kube-system")
                                    && request.subresource().isEmpty(),
                            "");
            case "certificatesigningrequests.certificates.k8s.io" ->
                    certificateRequests(user, request);
            default -> Decision.deny("");
        };
    }

    /** By name: a document that is added some day may be anything. */
    private static boolean describesTheApi(String path) {
        String[] parts = path.split("/", 3);
        return parts.length > 1 && parts[0].isEmpty() && DESCRIPTIONS.contains(parts[1]);
    }

    @Override
    public void admit(User user, RequestInfo request, @Nullable PatchType patch, Json body) {
        Optional<String> refusal =
                body instanceof JsonObject object && isReadable(patch)
                        ? restriction.refusal(user.nodeName(), request, patch, object)
                        : Optional.of("a gateway patches by merge or strategic merge");
        if (refusal.isPresent()) {
            throw refused(user, request, refusal.get());
        }
    }

    private static ApiException refused(User user, RequestInfo request, String why) {
        return ApiStatus.forbidden(user, request, why);
    }

    private static boolean isReadable(@Nullable PatchType patch) {
        return patch == null || patch == PatchType.MERGE || patch == PatchType.STRATEGIC;
    }

    private static Decision nodes(String node, RequestInfo request) {
        boolean own = request.selectedName().equals(node);
        String verb = request.verb();
        boolean allowed =
                request.subresource().isEmpty()
                        ? READ.contains(verb) || CHANGE.contains(verb)
                        : request.subresource().equals("status")
                                && (verb.equals("get") || CHANGE.contains(verb));
        return when(allowed && own, "node '" + node + "' may see and change only itself");
    }

    private Decision pods(String node, RequestInfo request) {
        String verb = request.verb();
        if (verb.equals("list") || verb.equals("watch")) {
            return when(
                    request.fields().required("spec.nodeName").orElse("").equals(node),
                    "can only list/watch pods with spec.nodeName field selector");
        }
        boolean allowed =
                request.subresource().isEmpty()
                        ? verb.equals("get") || verb.equals("delete")
                        : request.subresource().equals("status")
                                && (verb.equals("get") || CHANGE.contains(verb));
        if (!allowed) {
            return Decision.deny("");
        }
        return related(
                node,
                bound.isPodOn(node, ResourceType.PODS.key(request.namespace(), request.name())));
    }

    private Decision named(String node, RequestInfo request) {
        String name = request.selectedName();
        if (!READ.contains(request.verb()) || !request.subresource().isEmpty()) {
            return Decision.deny("");
        }
        if (name.isEmpty() || request.namespace().isEmpty()) {
            return Decision.deny("can only read resources that its pods name, one by one");
        }
        ObjectKey key = new ObjectKey(request.resource(), request.namespace(), name);
        return related(node, bound.isNamedBy(node, key));
    }

    /** It sees the volumes that are on it, and confirms that one is gone. */
    private Decision volumes(String node, RequestInfo request) {
        if (!request.subresource().isEmpty()) {
            return Decision.deny("");
        }
        return switch (request.verb()) {
            case "list", "watch" ->
                    when(
                            request.fields().required("spec.nodeName").orElse("").equals(node),
                            "can only list/watch persistentvolumes with spec.nodeName field"
                                    + " selector");
            case "get", "delete" ->
                    related(
                            node,
                            bound.get(ResourceType.PERSISTENT_VOLUMES.key("", request.name()))
                                    .filter(volume -> LocalVolumes.node(volume).equals(node))
                                    .isPresent());
            default -> Decision.deny("");
        };
    }

    private static Decision leases(String node, RequestInfo request) {
        boolean place =
                request.namespace().equals("kube-node-lease") && request.subresource().isEmpty();
        boolean allowed =
                request.verb().equals("create")
                        ? request.name().isEmpty()
                        : (request.verb().equals("get") || CHANGE.contains(request.verb()))
                                && request.name().equals(node);
        return when(
                place && allowed,
                "can only access the lease in namespace kube-node-lease with the node's name");
    }

    private Decision certificateRequests(User user, RequestInfo request) {
        if (!request.subresource().isEmpty()) {
            return Decision.deny("");
        }
        if (request.verb().equals("create")) {
            return Decision.ALLOW;
        }
        boolean own =
                request.verb().equals("get")
                        && bound.get(
                                        ResourceType.CERTIFICATE_SIGNING_REQUESTS.key(
                                                "", request.name()))
                                .map(KubeObject::spec)
                                .filter(spec -> spec.text("username").equals(user.name()))
                                .isPresent();
        return when(own, "");
    }

    private static Decision related(String node, boolean related) {
        return when(related, NO_RELATION + node + "' and this object");
    }

    private static Decision when(boolean allowed, String why) {
        return allowed ? Decision.ALLOW : Decision.deny(why);
    }
}
