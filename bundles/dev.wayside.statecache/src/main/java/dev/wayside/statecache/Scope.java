// SPDX-License-Identifier: Apache-2.0
package dev.wayside.statecache;

import dev.wayside.model.KubeObject;
import dev.wayside.model.LocalVolumes;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/**
 * One thing that is listed and watched.
 *
 * @param id its name in the store
 * @param namespace {@code ""} for all
 * @param selector a field selector, which the connector applies, and {@link #holds} once more here
 */
record Scope(String id, ResourceType type, String namespace, String selector) {
    static final String NODE = "nodes";
    static final String PODS = "pods";
    static final String VOLUMES = "persistentvolumes";

    static Scope node(String nodeName) {
        return new Scope(NODE, ResourceType.NODES, "", "metadata.name=" + nodeName);
    }

    static Scope pods(String nodeName) {
        return new Scope(PODS, ResourceType.PODS, "", "spec.nodeName=" + nodeName);
    }

    /** The volumes that are on this gateway. */
    static Scope volumes(String nodeName) {
        return new Scope(VOLUMES, ResourceType.PERSISTENT_VOLUMES, "", "spec.nodeName=" + nodeName);
    }

    /** One object that a pod names. */
    static Scope single(ResourceType type, String namespace, String name) {
        return new Scope(
                type.qualified() + "/" + namespace + "/" + name,
                type,
                namespace,
                "metadata.name=" + name);
    }

    /** The path of its collection with the query that selects it, open for more parameters. */
    String target() {
        return type.path(namespace)
                + "?fieldSelector="
                + URLEncoder.encode(selector, StandardCharsets.UTF_8);
    }

    /** Whether the object belongs here: what a connector sends is not taken on trust. */
    boolean holds(KubeObject object) {
        String value = selector.substring(selector.indexOf('=') + 1);
        return (namespace.isEmpty() || namespace.equals(object.namespace()))
                && !object.name().isEmpty()
                && place(object).equals(value);
    }

    private String place(KubeObject object) {
        return switch (id) {
            case PODS -> object.spec().text("nodeName");
            case VOLUMES -> LocalVolumes.node(object);
            default -> object.name();
        };
    }

    /** Whether a stored object belongs here, by its name. */
    boolean holds(ObjectKey key) {
        return key.resource().equals(type.qualified())
                && (namespace.isEmpty()
                        || id.equals(key.resource() + "/" + key.namespace() + "/" + key.name()));
    }

    @Override
    public String toString() {
        return id;
    }
}
