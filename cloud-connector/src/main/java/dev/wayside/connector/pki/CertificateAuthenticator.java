// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.pki;

import dev.wayside.connector.account.AccountTokens;
import dev.wayside.connector.apiserver.Authenticator;
import dev.wayside.connector.apiserver.RequestInfo;
import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.model.ResourceType;
import dev.wayside.wire.HttpRequest;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.BiPredicate;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/**
 * Knows users by their client certificates (CN is the user, O its groups; that our authority signed
 * them is the listener's to check), service accounts and newcomers by their tokens. A gateway's
 * certificate names the UID of the Node it was issued for: when that Node goes, so does its
 * certificate.
 */
public final class CertificateAuthenticator implements Authenticator {
    static final String UID_PREFIX = "urn:uuid:";
    private static final String BEARER = "Bearer ";
    private static final int URI_NAME = 6;

    private final JoinTokens tokens;
    private final AccountTokens accounts;
    private final BiPredicate<String, String> nodeIsCurrent;
    private final Clock clock;

    /**
     * @param nodeIsCurrent whether there is a Node of that name and UID
     */
    public CertificateAuthenticator(
            JoinTokens tokens,
            AccountTokens accounts,
            BiPredicate<String, String> nodeIsCurrent,
            Clock clock) {
        this.tokens = tokens;
        this.accounts = accounts;
        this.nodeIsCurrent = nodeIsCurrent;
        this.clock = clock;
    }

    @Override
    public User authenticate(HttpRequest request, RequestInfo info) {
        String authorization = request.header("authorization");
        // Who joins anew may still show the certificate of its last life: the token counts.
        if (!authorization.isEmpty()) {
            if (!authorization.startsWith(BEARER)) {
                throw unauthorized("only client certificates and bearer tokens are known here");
            }
            String token = authorization.substring(BEARER.length()).trim();
            return AccountTokens.looksLikeOne(token)
                    ? accounts.authenticate(token)
                    : tokens.authenticate(token);
        }
        X509Certificate certificate = request.peer();
        if (certificate == null) {
            return User.ANONYMOUS;
        }
        User user = userOf(certificate);
        if (!user.nodeName().isEmpty() && !isOfCurrentNode(user)) {
            throw unauthorized(
                    "the Node \""
                            + user.nodeName()
                            + "\" that this certificate was issued for does not exist any more:"
                            + " join again");
        }
        if (isExpired(user) && !(!user.nodeName().isEmpty() && isRenewal(info))) {
            throw unauthorized(
                    "the client certificate has expired"
                            + (user.nodeName().isEmpty()
                                    ? ""
                                    : "; it is good for nothing but its renewal"));
        }
        return user;
    }

    @Override
    public boolean stillGood(User user) {
        if (user.credential() instanceof User.Credential.ActedBy acted) {
            return stillGood(acted.by());
        }
        if (user.credential() instanceof User.Credential.AccountToken token) {
            return accounts.stillGood(token);
        }
        if (user.credential() instanceof User.Credential.Certificate) {
            return !isExpired(user) && (user.nodeName().isEmpty() || isOfCurrentNode(user));
        }
        return true;
    }

    private boolean isOfCurrentNode(User user) {
        return user.credential() instanceof User.Credential.Certificate certificate
                && !certificate.nodeUid().isEmpty()
                && nodeIsCurrent.test(user.nodeName(), certificate.nodeUid());
    }

    private boolean isExpired(User user) {
        return user.credential() instanceof User.Credential.Certificate certificate
                && !clock.instant().isBefore(certificate.end());
    }

    private static boolean isRenewal(RequestInfo info) {
        return info.resourceRequest()
                && info.subresource().isEmpty()
                && info.qualifiedResource()
                        .equals(ResourceType.CERTIFICATE_SIGNING_REQUESTS.qualified())
                && (info.verb().equals("create") || info.verb().equals("get"));
    }

    private static User userOf(X509Certificate certificate) {
        List<String> names = new ArrayList<>();
        List<String> groups = new ArrayList<>();
        try {
            for (Rdn rdn :
                    new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
                if (rdn.size() == 1 && rdn.getValue() instanceof String value) {
                    if (rdn.getType().equalsIgnoreCase("CN")) {
                        names.add(value);
                    } else if (rdn.getType().equalsIgnoreCase("O")) {
                        groups.add(value);
                    }
                }
            }
        } catch (InvalidNameException e) {
            throw unauthorized("the client certificate's subject is malformed");
        }
        if (names.size() != 1) {
            throw unauthorized("the client certificate's subject must have one CN");
        }
        groups.add(User.AUTHENTICATED_GROUP);
        Instant end = certificate.getNotAfter().toInstant();
        return new User(
                names.get(0), groups, new User.Credential.Certificate(nodeUid(certificate), end));
    }

    private static String nodeUid(X509Certificate certificate) {
        try {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            for (List<?> name : names == null ? List.<List<?>>of() : names) {
                if (name.get(0).equals(URI_NAME)
                        && name.get(1) instanceof String uri
                        && uri.startsWith(UID_PREFIX)) {
                    return uri.substring(UID_PREFIX.length());
                }
            }
            return "";
        } catch (CertificateParsingException e) {
            throw unauthorized("the client certificate is malformed");
        }
    }

    private static ApiException unauthorized(String why) {
        return new ApiException(Reason.UNAUTHORIZED, why);
    }
}
