"""Words of common shop systems for the categories of transactions.

A word is in the form of a category: lower case with ``_`` between words. Each has one meaning in
the exports of Shopify, Stripe, WooCommerce, eBay, Amazon, PrestaShop and Magento. Words that differ
between them are left out: a shop declares them under ``[transactions.values.<column>]``.
``processing`` is paid in WooCommerce and Magento and not yet paid in Stripe; ``closed`` is refunded
in Magento and finished in Shopify; ``unfulfilled`` says nothing about the payment.
"""

from collections.abc import Mapping

Synonyms = tuple[tuple[str, str], ...]

_STATUSES = {
    "completed": (
        *("complete", "paid", "succeeded", "success", "captured", "settled"),
        # Paid back in part: the amount is still a purchase, and what was paid back a refund.
        *("partially_refunded", "partial_refund", "refunded_partially"),
        *("shipped", "partially_shipped", "partiallyshipped", "delivered", "fulfilled"),
        *("shipped_delivered_to_buyer", "shipped_picked_up", "shipped_out_for_delivery"),
        *("payment_accepted", "remote_payment_accepted", "payment_received", "payment_complete"),
        *("payment_completed", "on_backorder_(paid)", "wc_completed", "wc_processing"),
    ),
    "pending": (
        *("authorized", "authorised", "partially_paid", "unpaid", "not_paid", "open"),
        *("uncaptured", "incomplete", "in_process", "inprocess"),
        *("requires_payment_method", "requires_confirmation", "requires_action"),
        *("requires_capture", "pending_payment", "pending_paypal", "payment_review", "holded"),
        *("on_hold", "onhold", "awaiting_payment", "awaiting_check_payment", "unshipped"),
        *("awaiting_bank_wire_payment", "awaiting_paypal_payment", "payment_pending"),
        *("awaiting_cash_on_delivery_validation", "on_backorder_(not_paid)"),
        *("wc_pending", "wc_on_hold", "checkout_draft", "wc_checkout_draft", "draft"),
    ),
    "cancelled": ("canceled", "voided", "void", "wc_cancelled", "cancelled_by_buyer"),
    "refunded": ("refund", "fully_refunded", "wc_refunded", "shipped_returned_to_seller"),
    "failed": ("payment_error", "declined", "expired", "wc_failed", "payment_failed"),
}
_PAYMENT_METHODS = {
    "card": (
        *("credit_card", "debit_card", "credit", "debit", "creditcard", "debitcard", "cc"),
        *("credit_card_/_debit_card", "card_present", "visa", "mastercard", "master_card"),
        *("master", "maestro", "amex", "american_express", "discover", "diners_club", "jcb"),
        *("shopify_payments", "woocommerce_payments", "stripe", "stripe_cc", "braintree"),
        *("authorizenet", "authorize.net", "square", "square_credit_card", "bancontact"),
    ),
    "wallet": (
        *("paypal", "paypal_express", "paypal_express_checkout", "ppcp_gateway"),
        *("braintree_paypal", "paypal_standard", "apple_pay", "applepay", "google_pay"),
        *("googlepay", "amazon_pay", "amazon_payments", "shop_pay", "link", "alipay"),
        *("wechat_pay", "cashapp", "cash_app", "samsung_pay", "venmo", "revolut_pay", "mobilepay"),
        *("swish", "grabpay", "mercado_pago", "mercadopago"),
    ),
    "bank_transfer": (
        *("transfer", "bank", "wire", "bank_wire", "wire_transfer", "banktransfer", "bacs"),
        *("direct_bank_transfer", "bank_deposit", "ps_wirepayment", "bankwire", "sepa"),
        *("sepa_debit", "sepa_direct_debit", "direct_debit", "ach", "ach_debit"),
        *("ach_credit_transfer", "us_bank_account", "bacs_debit", "au_becs_debit", "acss_debit"),
        *("customer_balance", "ideal", "sofort", "giropay", "eps", "p24", "przelewy24", "blik"),
        *("pix", "fpx"),
    ),
    "invoice": (
        *("klarna", "afterpay", "clearpay", "afterpay_clearpay", "affirm", "billie", "alma"),
        *("pay_later", "purchase_order", "purchaseorder", "shop_pay_installments"),
    ),
    "cash": (
        *("cash_on_delivery", "cashondelivery", "cod", "ps_cashondelivery"),
        *("cash_on_delivery_(cod)", "pay_in_store"),
    ),
    "voucher": ("gift_card", "giftcard", "store_credit", "coupon", "gift_certificate"),
    "other": (
        *("cheque", "check", "check_payments", "checkmo", "ps_checkpayment", "money_order"),
        *("payments_by_check", "check_/_money_order", "manual", "free"),
    ),
}


def _pairs(words: Mapping[str, tuple[str, ...]]) -> Synonyms:
    return tuple((word, category) for category, found in words.items() for word in found)


STATUS_SYNONYMS = _pairs(_STATUSES)
"""Statuses: each word with the category that it means."""
PAYMENT_SYNONYMS = _pairs(_PAYMENT_METHODS)
"""Payment methods: each word with the category that it means."""
