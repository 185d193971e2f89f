// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.pki;

import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.connector.store.ObjectStore;
import dev.wayside.connector.store.ObjectStore.Patch;
import dev.wayside.connector.store.ObjectStore.WriteOptions;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ObjectKey;
import dev.wayside.model.ResourceType;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/** Finds, checks and uses up join tokens. Safe for any thread; blocks for the store. */
public final class JoinTokens {
    private static final WriteOptions WRITER = WriteOptions.by("wayside-join");

    private final ObjectStore store;
    private final Clock clock;

    public JoinTokens(ObjectStore store, Clock clock) {
        this.store = store;
        this.clock = clock;
    }

    /**
     * @param whole {@code ID.SECRET}
     * @throws ApiException Unauthorized, without telling which part is wrong
     */
    User authenticate(String whole) {
        JoinToken.Parts parts =
                JoinToken.split(whole).orElseThrow(() -> refused("the token is not valid"));
        JoinToken token =
                find(parts.id())
                        .filter(found -> found.hasSecret(parts.secret()))
                        .orElseThrow(() -> refused("the token is not valid"));
        // A used one may still ask what became of its request.
        if (token.isExpired(clock.instant()) && !token.isUsed()) {
            throw refused("the token has expired: create another one");
        }
        return new User(
                User.BOOTSTRAP_PREFIX + token.id(),
                List.of(User.BOOTSTRAPPERS_GROUP),
                new User.Credential.JoinToken(token.id()));
    }

    /** Whether a token's bearer may see the request: it is the one that the token was used for. */
    public boolean mayRead(String id, String request) {
        return find(id).filter(token -> token.usedByRequest().equals(request)).isPresent();
    }

    /**
     * Uses a token up. Of several keys that try, one succeeds; the same key may try again, since
     * its first answer may have been lost on the way.
     *
     * @param nodeUid of the Node if there is one, else {@code ""}
     * @return its record
     * @throws ApiException Unauthorized, Forbidden
     */
    JoinToken use(String id, String nodeName, String nodeUid, String keyHash, String request) {
        ObjectKey key = key(id);
        KubeObject secret = store.get(key).orElseThrow(() -> refused("the token is not valid"));
        JoinToken token = JoinToken.of(secret).orElseThrow(() -> refused("the token is not valid"));
        check(token, nodeName, nodeUid, keyHash);
        if (token.isUsed() && token.usedByRequest().equals(request)) {
            return token;
        }
        JoinToken used = token.usedBy(keyHash, request);
        try {
            // The Secret's revision is the precondition: who reads it unused first, wins.
            store.update(ResourceType.SECRETS, secret.with("data", used.data()), "", WRITER);
        } catch (ApiException e) {
            if (e.reason() == Reason.CONFLICT || e.reason() == Reason.NOT_FOUND) {
                throw refused("the token has been used: create another one");
            }
            throw e;
        }
        return used;
    }

    /**
     * Checks without using up.
     *
     * @throws ApiException Unauthorized, Forbidden
     */
    JoinToken require(String id, String nodeName, String nodeUid, String keyHash) {
        JoinToken token = find(id).orElseThrow(() -> refused("the token is not valid"));
        check(token, nodeName, nodeUid, keyHash);
        return token;
    }

    /** Notes the Node that the token has made: it makes no second one. */
    void noteNode(JoinToken token, String nodeUid) {
        store.patch(
                ResourceType.SECRETS,
                key(token.id()),
                Patch.merge(JsonObject.of("data", token.madeNode(nodeUid).data())),
                "",
                WRITER);
    }

    /** Whether the Secret is a join token that nobody has used. */
    public static boolean isUnused(KubeObject secret) {
        return JoinToken.of(secret).filter(token -> !token.isUsed()).isPresent();
    }

    private void check(JoinToken token, String nodeName, String nodeUid, String keyHash) {
        boolean another =
                !token.usedByKey().equals(keyHash)
                        || (!token.nodeUid().isEmpty() && !token.nodeUid().equals(nodeUid));
        if (token.isUsed() && another) {
            throw refused("the token has been used: create another one");
        }
        if (token.isExpired(clock.instant())) {
            throw refused("the token has expired: create another one");
        }
        if (!token.nodeName().isEmpty() && !token.nodeName().equals(nodeName)) {
            throw new ApiException(
                    Reason.FORBIDDEN,
                    "the token is for the node \""
                            + token.nodeName()
                            + "\", not for \""
                            + nodeName
                            + "\"");
        }
    }

    private Optional<JoinToken> find(String id) {
        return store.get(key(id)).flatMap(JoinToken::of);
    }

    private static ObjectKey key(String id) {
        return ResourceType.SECRETS.key(JoinToken.NAMESPACE, JoinToken.secretName(id));
    }

    private static ApiException refused(String why) {
        return new ApiException(Reason.UNAUTHORIZED, why);
    }
}
