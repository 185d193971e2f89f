// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.model.JsonException;
import dev.wayside.model.JsonLimits;
import dev.wayside.model.JsonObject;
import dev.wayside.model.JsonReader;
import dev.wayside.model.ResourceType;
import dev.wayside.wire.HttpResponse;
import java.util.concurrent.CompletableFuture;

/**
 * Asks a connector whether it is the one that we know: whether it has the store that we know, by
 * the UID of the namespace {@code kube-system}, and in it our Node, by its UID. The first store we
 * see is taken for ours; who serves it has proved himself by the pinned authority.
 */
final class Provenance {
    /**
     * What was found.
     *
     * @param origin the store's UID, {@code ""} if it was not told
     * @param store {@code ""} if the store is ours, else one word and a sentence why it is in doubt
     * @param node the same for our Node
     */
    record Verdict(String origin, Finding store, Finding node) {
        boolean good() {
            return store.good() && node.good();
        }
    }

    /**
     * @param reason {@code ""} if all is well
     */
    record Finding(String reason, String message) {
        static final Finding GOOD = new Finding("", "");

        boolean good() {
            return reason.isEmpty();
        }
    }

    private static final byte[] NO_BODY = new byte[0];

    private final StateStore store;
    private final String nodeName;
    private final String nodeUid;

    Provenance(StateStore store, String nodeName, String nodeUid) {
        this.store = store;
        this.nodeName = nodeName;
        this.nodeUid = nodeUid;
    }

    /** Asks; completes exceptionally only if the connection is lost. */
    CompletableFuture<Verdict> check(Upstream upstream) {
        String namespace = ResourceType.NAMESPACES.path("", "kube-system");
        String node = ResourceType.NODES.path("", nodeName);
        return upstream.send("GET", namespace, "", NO_BODY)
                .thenCombine(
                        upstream.send("GET", node, "", NO_BODY),
                        (system, own) ->
                                new Verdict(
                                        system.status() == 200 ? uid(system) : "",
                                        store(system),
                                        node(own)));
    }

    /** Remembers the store, if none is remembered yet. */
    static void remember(Edit edit, Verdict verdict) {
        if (!verdict.origin().isEmpty() && !edit.has(Keys.ORIGIN)) {
            edit.put(Keys.ORIGIN, JsonObject.of("uid", verdict.origin()));
        }
    }

    private Finding store(HttpResponse system) {
        String known = store.get(Keys.ORIGIN).map(it -> it.text("uid")).orElse("");
        if (system.status() != 200) {
            return new Finding(
                    "StoreUnknown",
                    "the connector answers "
                            + system.status()
                            + " to the question for the namespace kube-system, by whose UID its"
                            + " store is known");
        }
        String uid = uid(system);
        if (uid.isEmpty() || (!known.isEmpty() && !known.equals(uid))) {
            return new Finding(
                    "StoreReplaced",
                    "the connector's store is another one (kube-system has UID "
                            + uid
                            + ", known is "
                            + known
                            + "); restore the old store, or let the gateway leave and join again");
        }
        return Finding.GOOD;
    }

    private Finding node(HttpResponse own) {
        if (own.status() == 404) {
            return new Finding(
                    "NodeMissing",
                    "the connector has no Node "
                            + nodeName
                            + "; if it was deleted on purpose, let the gateway leave");
        }
        if (own.status() != 200) {
            return new Finding(
                    "NodeUnknown",
                    "the connector answers " + own.status() + " to the question for our Node");
        }
        String uid = uid(own);
        if (!uid.equals(nodeUid)) {
            return new Finding(
                    "NodeReplaced",
                    "the Node "
                            + nodeName
                            + " is another one (UID "
                            + uid
                            + ", ours is "
                            + nodeUid
                            + "); let the gateway leave and join again");
        }
        return Finding.GOOD;
    }

    private static String uid(HttpResponse answer) {
        try {
            return JsonReader.readObject(
                            answer.body(), JsonLimits.DEFAULT, JsonReader.DuplicateNames.LAST_WINS)
                    .text("metadata", "uid");
        } catch (JsonException e) {
            return "";
        }
    }
}
