// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import java.time.Instant;
import java.util.List;

/**
 * Who asks.
 *
 * @param name for instance {@code admin} or {@code system:node:gw-1}
 * @param groups for instance {@code system:nodes}
 * @param credential what proves it
 */
public record User(String name, List<String> groups, Credential credential) {
    public static final String NODE_PREFIX = "system:node:";
    public static final String NODES_GROUP = "system:nodes";
    public static final String MASTERS_GROUP = "system:masters";
    public static final String BOOTSTRAP_PREFIX = "system:bootstrap:";
    public static final String BOOTSTRAPPERS_GROUP = "system:bootstrappers";
    public static final User ANONYMOUS =
            new User("system:anonymous", List.of("system:unauthenticated"), new Credential.None());

    public User {
        groups = List.copyOf(groups);
    }

    /** What a user shows to prove who it is. */
    public sealed interface Credential {
        record None() implements Credential {}

        /**
         * A client certificate of our authority.
         *
         * @param nodeUid of the Node it was issued for, {@code ""} for other users
         * @param end from when on it is good for its own renewal and nothing else
         */
        record Certificate(String nodeUid, Instant end) implements Credential {}

        /**
         * A join token.
         *
         * @param id its public part
         */
        record JoinToken(String id) implements Credential {}
    }

    public boolean in(String group) {
        return groups.contains(group);
    }

    public boolean isMaster() {
        return in(MASTERS_GROUP);
    }

    public boolean isAnonymous() {
        return credential instanceof Credential.None;
    }

    /** The node's name if this is a gateway, else {@code ""}. */
    public String nodeName() {
        return in(NODES_GROUP) && name.startsWith(NODE_PREFIX)
                ? name.substring(NODE_PREFIX.length())
                : "";
    }
}
