// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.access;

import dev.wayside.connector.apiserver.Authorizer;
import dev.wayside.connector.apiserver.KindRules;
import dev.wayside.connector.apiserver.RequestInfo;
import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.model.KubeObject;
import dev.wayside.model.ResourceType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who approves a certificate request must be allowed to {@code approve} for its signer, and who
 * writes its status to {@code sign}: to be allowed to change the subresource is not enough, as what
 * a certificate is good for depends on the signer.
 */
public final class SignerRules implements KindRules {
    private static final ResourceType TYPE = ResourceType.CERTIFICATE_SIGNING_REQUESTS;

    private final KindRules others;
    private final Authorizer authorizer;

    /**
     * @param others what else holds for certificate requests
     */
    public SignerRules(KindRules others, Authorizer authorizer) {
        this.others = others;
        this.authorizer = authorizer;
    }

    @Override
    public KubeObject creating(User user, KubeObject object, boolean dryRun) {
        return others.creating(user, object, dryRun);
    }

    @Override
    public void changing(
            User user, RequestInfo request, @Nullable KubeObject before, KubeObject after) {
        others.changing(user, request, before, after);
        if (before == null || before.status().equals(after.status())) {
            return;
        }
        String verb = request.subresource().equals("approval") ? "approve" : "sign";
        String signer = before.spec().text("signerName");
        String domain = signer.substring(0, Math.max(0, signer.indexOf('/')));
        if (!may(user, verb, signer) && !may(user, verb, domain + "/*")) {
            throw new ApiException(
                    Reason.FORBIDDEN,
                    TYPE.qualified()
                            + " \""
                            + before.name()
                            + "\" is forbidden: user not permitted to "
                            + verb
                            + " requests with signerName \""
                            + signer
                            + "\"",
                    TYPE.group(),
                    TYPE.plural(),
                    before.name(),
                    List.of());
        }
    }

    @Override
    public KubeObject written(User user, KubeObject object) {
        return others.written(user, object);
    }

    private boolean may(User user, String verb, String signer) {
        RequestInfo asked = RequestInfo.about(verb, TYPE.group(), "", "signers", signer);
        return authorizer.authorize(user, asked).allowed();
    }
}
