@MP107 @requirement-1
Feature: The exemption opens no other door
  Each request below differs from one that succeeds in exactly one respect, and is refused without any slot changing.

  @MP107-T30 @SRPD-6.1 @severity-critical
  Scenario Outline: A request without a signature is refused
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the incorrect Network Operator sends SRV 6.15.1 without a signature
    Then the DSP refuses the message
    And no slot has changed
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T31 @SRPD-6.1 @severity-critical
  Scenario Outline: A request altered after it was signed is refused
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the incorrect Network Operator sends SRV 6.15.1 altered after signing
    Then the DSP refuses the message
    And no slot has changed
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T32 @SRPD-6.1 @severity-critical
  Scenario Outline: A request signed by another party is refused
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the incorrect Network Operator sends SRV 6.15.1 signed by the correct Network Operator
    Then the DSP refuses the message
    And no slot has changed
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T33 @SRPD-6.1 @severity-critical
  Scenario Outline: A request signed with an expired certificate is refused
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the incorrect Network Operator sends SRV 6.15.1 signed with an expired certificate
    Then the DSP refuses the message
    And no slot has changed
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T34 @SRPD-6.1 @severity-critical
  Scenario Outline: A request that was accepted once is refused when it is sent again
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    And the incorrect Network Operator has placed the correct Network Operator's certificate with SRV 6.15.1
    And the correct Network Operator has placed the incorrect Network Operator's certificate with SRV 6.15.1
    When the first request is sent again unchanged
    Then the DSP refuses the message
    And no slot has changed
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T35 @SRPD-6.1 @severity-normal
  Scenario Outline: A request for a device that is not in the inventory is refused
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the incorrect Network Operator sends SRV 6.15.1 to a device that is not in the Smart Metering Inventory
    Then the DSP rejects the request because the device is unknown
    And no slot has changed
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T36 @S1SR-4.2 @severity-critical
  Scenario Outline: A replacement certificate of another role is refused
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the incorrect Network Operator sends SRV 6.15.1 placing a Supplier's certificate
    Then the replacement certificate is refused
    And no slot has changed
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T37 @S1SR-4.2 @severity-critical
  Scenario Outline: A replacement certificate that does not chain to the trust anchor is refused
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the incorrect Network Operator sends SRV 6.15.1 placing a certificate that does not chain to the root
    Then the replacement certificate is refused
    And no slot has changed
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T38 @S1SR-4.2 @severity-critical
  Scenario Outline: An expired replacement certificate is refused
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the incorrect Network Operator sends SRV 6.15.1 placing an expired certificate
    Then the replacement certificate is refused
    And no slot has changed
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T39 @S1SR-4.2 @severity-critical
  Scenario Outline: A pair of certificates of two different parties is refused
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the incorrect Network Operator sends SRV 6.15.1 placing a pair of certificates of two different parties
    Then the replacement certificate is refused
    And no slot has changed
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T40 @XSD @severity-normal
  Scenario Outline: A message that is not a valid DUIS document is refused
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the incorrect Network Operator sends SRV 6.15.1 with its elements in the wrong order
    Then the DSP refuses the message
    And no slot has changed
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T41 @SRPD-6.1 @severity-normal
  Scenario Outline: A Command Variant that does not fit a SMETS1 Service Request is refused
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the incorrect Network Operator sends SRV 6.15.1 with a Command Variant that does not fit
    Then the DSP rejects the request because of the Command Variant
    And no slot has changed
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T42 @SRPD-6.1 @severity-normal
  Scenario Outline: A request sent to the wrong service is refused
    Given the <device_type> served by <s1sp> with the incorrect Network Operator's certificate in its Network Operator slot
    When the incorrect Network Operator sends SRV 6.15.1 to the Non-Device service
    Then the DSP rejects the request because of the service it was sent to
    And no slot has changed
    When the incorrect Network Operator sends SRV 6.15.1 placing the correct Network Operator's certificate
    Then the DSP acknowledges the request
    And <s1sp> answers with a signed success that names the correct Network Operator as the new party

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |

  @MP107-T43 @FIA-3.2 @severity-critical
  Scenario Outline: SRV 6.21 is refused where the slot is not under DCC control
    Given the <device_type> served by <s1sp> with the correct Network Operator's certificate in its Network Operator slot
    When the Supplier sends SRV 6.21 placing the incorrect Network Operator's certificate
    Then the request is rejected by the DSP or by the owner check of <s1sp>
    And no slot has changed

    Examples:
      | s1sp  | device_type |
      | S1SP1 | ESME        |
      | S1SP1 | GPF         |
      | S1SP2 | ESME        |
      | S1SP2 | GPF         |
      | S1SP3 | ESME        |
      | S1SP3 | GPF         |
