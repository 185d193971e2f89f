// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.ResourceType;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Who asks.
 *
 * @param name for instance {@code admin} or {@code system:node:gw-1}
 * @param uid {@code ""} where there is none
 * @param groups for instance {@code system:nodes}
 * @param extra what else is known, for instance which pod a token is for
 * @param credential what proves it
 */
public record User(
        String name,
        String uid,
        List<String> groups,
        Map<String, List<String>> extra,
        Credential credential) {
    public static final String NODE_PREFIX = "system:node:";
    public static final String NODES_GROUP = "system:nodes";
    public static final String MASTERS_GROUP = "system:masters";
    public static final String BOOTSTRAP_PREFIX = "system:bootstrap:";
    public static final String BOOTSTRAPPERS_GROUP = "system:bootstrappers";
    public static final String SERVICE_ACCOUNT_PREFIX = "system:serviceaccount:";
    public static final String SERVICE_ACCOUNTS_GROUP = "system:serviceaccounts";
    public static final String AUTHENTICATED_GROUP = "system:authenticated";
    public static final String UNAUTHENTICATED_GROUP = "system:unauthenticated";
    public static final User ANONYMOUS =
            new User("system:anonymous", List.of(UNAUTHENTICATED_GROUP), new Credential.None());

    public User {
        groups = List.copyOf(groups);
        extra = Map.copyOf(extra);
    }

    public User(String name, List<String> groups, Credential credential) {
        this(name, "", groups, Map.of(), credential);
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

        /**
         * A token of a service account, whose signature was checked.
         *
         * @param uid of the account
         * @param bound what else must be there for it to be good
         * @param end from when on it is worth nothing
         */
        record AccountToken(
                String namespace, String name, String uid, Optional<Bound> bound, Instant end)
                implements Credential {}

        /**
         * None of its own: another user acts, or asks, as this one.
         *
         * @param by who does
         */
        record ActedBy(User by) implements Credential {}
    }

    /** A pod or a Secret of a service account's namespace, on which a token depends. */
    public record Bound(ResourceType type, String name, String uid) {}

    /** The groups of a service account, all but {@link #AUTHENTICATED_GROUP}. */
    public static List<String> accountGroups(String namespace) {
        return List.of(SERVICE_ACCOUNTS_GROUP, SERVICE_ACCOUNTS_GROUP + ":" + namespace);
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

    /** As an {@code authentication.k8s.io/v1} UserInfo. */
    public JsonObject asJson() {
        Map<String, JsonArray> lists = new LinkedHashMap<>();
        new TreeMap<>(extra).forEach((key, values) -> lists.put(key, JsonArray.ofStrings(values)));
        return JsonObject.builder()
                .put("username", name)
                .putUnlessEmpty("uid", uid)
                .putUnlessEmpty("groups", JsonArray.ofStrings(groups))
                .putUnlessEmpty("extra", JsonObject.of(lists))
                .build();
    }
}
