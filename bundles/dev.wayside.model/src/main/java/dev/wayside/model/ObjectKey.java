// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

/**
 * The name of one object, whatever the version it is read in.
 *
 * @param resource {@link ResourceType#qualified()}
 * @param namespace {@code ""} for cluster-wide kinds
 */
public record ObjectKey(String resource, String namespace, String name)
        implements Comparable<ObjectKey> {

    /** {@code namespace/name}, or the name alone: for logs and messages. */
    public String path() {
        return namespace.isEmpty() ? name : namespace + "/" + name;
    }

    @Override
    public int compareTo(ObjectKey other) {
        int byResource = resource.compareTo(other.resource);
        if (byResource != 0) {
            return byResource;
        }
        int byNamespace = namespace.compareTo(other.namespace);
        return byNamespace != 0 ? byNamespace : name.compareTo(other.name);
    }

    @Override
    public String toString() {
        return resource + " " + path();
    }
}
