// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.store.ApiException;
import dev.wayside.wire.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Acting as someone else: the headers that {@code kubectl --as} sends. Every user, group, UID and
 * extra value that is asked for must be allowed to the one who asks.
 */
final class Impersonation {
    private static final String USER = "impersonate-user";
    private static final String UID = "impersonate-uid";
    private static final String GROUP = "impersonate-group";
    private static final String EXTRA = "impersonate-extra-";
    private static final String AUTHENTICATION = "authentication.k8s.io";
    // Each is a question to the authoriser.
    private static final int MAX_ASKED = 100;

    private final Authorizer authorizer;

    Impersonation(Authorizer authorizer) {
        this.authorizer = authorizer;
    }

    /**
     * As whom the request is to be handled.
     *
     * @throws ApiException Forbidden, BadRequest
     */
    User effective(User user, HttpRequest request) {
        String name = request.header(USER);
        String uid = request.header(UID);
        List<String> groups = values(request.header(GROUP));
        Map<String, List<String>> extra = extra(request);
        if (name.isEmpty()) {
            if (!uid.isEmpty() || !groups.isEmpty() || !extra.isEmpty()) {
                throw ApiStatus.badRequest(
                        "groups, a UID or extra values are requested without impersonating a user");
            }
            return user;
        }
        if (groups.size() + extra.values().stream().mapToInt(List::size).sum() > MAX_ASKED) {
            throw ApiStatus.badRequest("more groups and extra values than may be impersonated");
        }
        List<String> own = requireUser(user, name);
        groups.forEach(group -> require(user, "", "", "groups", group, ""));
        if (!uid.isEmpty()) {
            require(user, AUTHENTICATION, "", "uids", uid, "");
        }
        extra.forEach(
                (key, values) ->
                        values.forEach(
                                value ->
                                        require(
                                                user,
                                                AUTHENTICATION,
                                                "",
                                                "userextras",
                                                value,
                                                key)));
        List<String> effective = new ArrayList<>(groups.isEmpty() ? own : groups);
        String known =
                name.equals(User.ANONYMOUS.name())
                        ? User.UNAUTHENTICATED_GROUP
                        : User.AUTHENTICATED_GROUP;
        if (!effective.contains(known)) {
            effective.add(known);
        }
        return new User(name, uid, effective, extra, new User.Credential.ActedBy(user));
    }

    /** The groups that the user has of itself. */
    private List<String> requireUser(User user, String name) {
        if (name.startsWith(User.SERVICE_ACCOUNT_PREFIX)) {
            String[] parts = name.substring(User.SERVICE_ACCOUNT_PREFIX.length()).split(":", -1);
            if (parts.length == 2 && !parts[0].isEmpty() && !parts[1].isEmpty()) {
                require(user, "", parts[0], "serviceaccounts", parts[1], "");
                return User.accountGroups(parts[0]);
            }
        }
        require(user, "", "", "users", name, "");
        return List.of();
    }

    private void require(
            User user,
            String group,
            String namespace,
            String resource,
            String name,
            String subresource) {
        RequestInfo asked =
                RequestInfo.about(
                        "impersonate",
                        "",
                        group,
                        "v1",
                        namespace,
                        resource,
                        name,
                        subresource,
                        QueryParameters.NONE);
        Authorizer.Decision decision = authorizer.authorize(user, asked);
        if (!decision.allowed()) {
            throw ApiStatus.forbidden(user, asked, decision.why());
        }
    }

    private static Map<String, List<String>> extra(HttpRequest request) {
        Map<String, List<String>> extra = new TreeMap<>();
        request.headers()
                .forEach(
                        (header, value) -> {
                            if (header.startsWith(EXTRA)) {
                                String key = header.substring(EXTRA.length());
                                extra.put(
                                        PercentDecoder.header(key).toLowerCase(Locale.ROOT),
                                        values(value));
                            }
                        });
        return extra;
    }

    /** A header that came more than once is joined by commas; each part is judged by itself. */
    private static List<String> values(String header) {
        List<String> values = new ArrayList<>();
        for (String value : header.split(",", -1)) {
            if (!value.isBlank()) {
                values.add(value.trim());
            }
        }
        return values;
    }
}
