// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.account;

import dev.wayside.connector.apiserver.RequestInfo;
import dev.wayside.connector.apiserver.Responder;
import dev.wayside.connector.apiserver.User;
import dev.wayside.connector.store.ApiException;
import dev.wayside.connector.store.ApiException.Reason;
import dev.wayside.model.JsonArray;
import dev.wayside.model.JsonObject;
import dev.wayside.model.KubeObject;
import java.util.List;

/** TokenReview: whose token is this? */
public final class TokenReviews implements Responder {
    private final AccountTokens tokens;

    public TokenReviews(AccountTokens tokens) {
        this.tokens = tokens;
    }

    @Override
    public KubeObject answer(User user, RequestInfo request, KubeObject asked) {
        String token = asked.spec().text("token");
        if (token.isEmpty()) {
            throw new ApiException(
                    Reason.BAD_REQUEST, "token is required for TokenReview in" + " authentication");
        }
        List<String> wanted = asked.spec().array("audiences").strings();
        return asked.withStatus(
                status(token, wanted.isEmpty() ? List.of(AccountTokens.ISSUER) : wanted));
    }

    private JsonObject status(String token, List<String> wanted) {
        try {
            AccountTokens.Reviewed good = tokens.review(token, wanted);
            return JsonObject.builder()
                    .put("authenticated", true)
                    .put("user", good.user().asJson())
                    .put("audiences", JsonArray.ofStrings(good.audiences()))
                    .build();
        } catch (ApiException e) {
            if (e.reason() != Reason.UNAUTHORIZED) {
                throw e;
            }
            return JsonObject.builder()
                    .put("user", JsonObject.EMPTY)
                    .put("error", String.valueOf(e.getMessage()))
                    .build();
        }
    }
}
